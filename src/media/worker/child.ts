import { encodeHeader, FrameReader, type WorkerMessage } from './protocol.ts';

export interface WorkerPort {
  /** Resolves when the parent has room for more: await it in loops that produce. */
  send(message: WorkerMessage, payload?: Buffer): Promise<void> | undefined;
}

/**
 * The child's end of a `WorkerHost`: messages come by stdin, answers go by stdout, so nothing else may write there.
 * The process exits when its input ends.
 */
export function serveWorker(
  onMessage: (message: WorkerMessage, payload: Buffer, port: WorkerPort) => void,
): WorkerPort {
  const port: WorkerPort = {
    send(message, payload) {
      process.stdout.write(encodeHeader(message, payload?.length ?? 0));
      const ok = payload === undefined || payload.length === 0 || process.stdout.write(payload);
      return ok ? undefined : new Promise((resolve) => process.stdout.once('drain', resolve));
    },
  };
  const reader = new FrameReader((message, payload) => {
    onMessage(message, payload, port);
  });
  process.stdin.on('data', (chunk: Buffer) => {
    reader.push(chunk);
  });
  process.stdin.on('end', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
  return port;
}

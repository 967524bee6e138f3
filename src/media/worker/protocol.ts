/**
 * Framing between a node and its child processes, on the child's stdin and stdout:
 * `u32 length of the rest | u16 length of the JSON | JSON | payload` (big endian). The JSON always has a `type`.
 */

const MAX_MESSAGE = 64 * 1024 * 1024;

export interface WorkerMessage {
  readonly type: string;
  readonly [key: string]: unknown;
}

const EMPTY = Buffer.alloc(0);

/** @throws RangeError when the JSON exceeds 65,535 bytes. */
export function encodeHeader(message: WorkerMessage, payloadBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  if (json.length > 0xffff) throw new RangeError(`worker message ${message.type} is too large`);
  const head = Buffer.allocUnsafe(6 + json.length);
  head.writeUInt32BE(2 + json.length + payloadBytes, 0);
  head.writeUInt16BE(json.length, 4);
  json.copy(head, 6);
  return head;
}

/** Turns a byte stream back into messages. Payloads are views of the received chunks where they fit. */
export class FrameReader {
  #pending: Buffer = EMPTY;
  readonly #onMessage: (message: WorkerMessage, payload: Buffer) => void;

  constructor(onMessage: (message: WorkerMessage, payload: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws RangeError when a frame announces more than 64 MiB or contradicts itself. */
  push(chunk: Buffer): void {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (data.length >= 4) {
      const length = data.readUInt32BE(0);
      if (length > MAX_MESSAGE || length < 2) throw new RangeError(`worker frame of ${String(length)} bytes`);
      if (data.length < 4 + length) break;
      const jsonLength = data.readUInt16BE(4);
      if (jsonLength + 2 > length) throw new RangeError('worker frame contradicts itself');
      const message = JSON.parse(data.toString('utf8', 6, 6 + jsonLength)) as WorkerMessage;
      this.#onMessage(message, data.subarray(6 + jsonLength, 4 + length));
      data = data.subarray(4 + length);
    }
    this.#pending = data;
  }
}

import { AV_LOG_FATAL } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { serveWorker } from '../worker/child.ts';
import type { WorkerMessage } from '../worker/protocol.ts';
import { AudioConverter } from './converter.ts';
import type { OpenMessage, PacketMessage } from './protocol.ts';

Log.setLevel(AV_LOG_FATAL);
const converters = new Map<number, AudioConverter>();

const port = serveWorker((message, payload) => {
  const { type, id } = message;
  if (typeof id !== 'number') {
    if (type === 'ping') void port.send({ type: 'pong' });
    return;
  }
  try {
    if (type === 'open') open(id, message, payload);
    else if (type === 'packet') convert(id, message, payload);
    else if (type === 'close') close(id);
  } catch (error) {
    close(id);
    void port.send({ type: 'failed', id, message: String(error).slice(0, 500) });
  }
});

function open(id: number, message: WorkerMessage, config: Buffer): void {
  const { from, to } = message as unknown as OpenMessage;
  close(id);
  converters.set(id, new AudioConverter({ from: { ...from, config }, to }));
}

function convert(id: number, message: WorkerMessage, data: Buffer): void {
  const { pts, time, session, discontinuity } = message as unknown as PacketMessage;
  const converter = converters.get(id);
  if (converter === undefined) return;
  for (const { data: sound, ...at } of converter.push({ pts, time, discontinuity, data })) {
    void port.send({ type: 'sound', id, session, ...at }, sound);
  }
}

function close(id: number): void {
  converters.get(id)?.close();
  converters.delete(id);
}

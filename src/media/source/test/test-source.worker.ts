import { AV_LOG_FATAL } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { serveWorker } from '../../worker/child.ts';
import type { TestRequest } from './protocol.ts';
import { StreamMaker } from './stream-maker.ts';

Log.setLevel(AV_LOG_FATAL);
const streams = new Map<number, StreamMaker>();

serveWorker((message, _payload, port) => {
  const request = message as unknown as TestRequest;
  streams.get(request.stream)?.close();
  streams.delete(request.stream);
  if (request.type === 'open') streams.set(request.stream, new StreamMaker(request, port));
});

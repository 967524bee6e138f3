import { parentPort, workerData } from 'node:worker_threads';
import { openBackend } from './backend.ts';
import { OPENED, type WorkerRequest, type WorkerResponse } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('sqlite.worker runs as a worker thread');

const answer = (response: WorkerResponse): void => {
  port.postMessage(response);
};
const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

try {
  const backend = openBackend((workerData as { path: string }).path);
  port.on('message', ({ id, repository, method, args }: WorkerRequest) => {
    try {
      if (repository === 'close') {
        backend.close();
        answer({ id, result: undefined });
        port.close();
        return;
      }
      const call = (backend[repository] as unknown as Methods)[method];
      answer({ id, result: call?.(...args) });
    } catch (error) {
      answer({ id, error: sentence(error) });
    }
  });
  answer({ id: OPENED, result: undefined });
} catch (error) {
  answer({ id: OPENED, error: sentence(error) });
  port.close();
}

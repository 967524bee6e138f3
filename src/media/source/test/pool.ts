import { fileURLToPath } from 'node:url';
import { WorkerHost } from '../../worker/host.ts';
import type { TestScene } from './address.ts';
import type { TestAnswer } from './protocol.ts';

export interface TestListener {
  answer(answer: TestAnswer, payload: Buffer): void;
  /** The worker is gone. @param output what it wrote last to its standard error */
  died(output: string): void;
}

interface PoolWorker {
  readonly host: WorkerHost;
  readonly listeners: Map<number, TestListener>;
}

const ENTRY = fileURLToPath(new URL('./test-source.worker.ts', import.meta.url));
/** Milliseconds that a worker without streams is kept, for a camera that connects again. */
const LINGER_MS = 5_000;
/** Test pictures may wait; recording may not. */
const NICE = 5;

/** The one child process in which all test cameras of a node are drawn; made when needed, and again when it died. */
export class TestPool {
  #worker: PoolWorker | undefined;
  #next = 1;
  #linger: NodeJS.Timeout | undefined;

  /** Process id of the worker, when there is one. */
  get pid(): number | undefined {
    return this.#worker?.host.pid;
  }

  /** @returns how to end the stream; idempotent */
  begin(scene: TestScene, listener: TestListener): { end(): void; kill(): void } {
    clearTimeout(this.#linger);
    const worker = (this.#worker ??= this.#start());
    const stream = this.#next;
    this.#next += 1;
    worker.listeners.set(stream, listener);
    worker.host.send({ type: 'open', stream, ...scene });
    return {
      end: () => {
        if (!worker.listeners.delete(stream)) return;
        worker.host.send({ type: 'close', stream });
        if (worker === this.#worker && worker.listeners.size === 0) this.#rest();
      },
      kill: () => {
        worker.host.kill();
      },
    };
  }

  /** Idempotent. Streams that still run are told that their worker died. */
  close(): void {
    clearTimeout(this.#linger);
    this.#worker?.host.close();
    this.#worker = undefined;
  }

  #rest(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => {
      this.close();
    }, LINGER_MS);
    this.#linger.unref();
  }

  #start(): PoolWorker {
    const worker: PoolWorker = { host: new WorkerHost({ entry: ENTRY, nice: NICE }), listeners: new Map() };
    worker.host.on('message', (message, payload) => {
      const answer = message as unknown as TestAnswer;
      worker.listeners.get(answer.stream)?.answer(answer, payload);
    });
    worker.host.on('exit', ({ stderr }) => {
      if (this.#worker === worker) this.#worker = undefined;
      const listeners = [...worker.listeners.values()];
      worker.listeners.clear();
      for (const listener of listeners) listener.died(stderr);
    });
    return worker;
  }
}

import { fileURLToPath } from 'node:url';
import { SightmeshError } from '../../contracts/errors.ts';
import { WorkerHost, type WorkerHostOptions } from '../worker/host.ts';
import type { WorkerMessage } from '../worker/protocol.ts';
import { encodeJob, type PictureJob } from './job.ts';

export interface Picture {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
  /** Milliseconds since 1970 at which the picture is shown. */
  readonly time: number;
}

export interface PictureMakerOptions {
  /** Jobs that may wait; further ones are refused. Default 32. */
  readonly maxWaiting?: number;
  /** For one picture, milliseconds. Default 8,000. */
  readonly deadlineMs?: number;
  /** The process ends after this long without a job, milliseconds. Default 60,000. */
  readonly idleMs?: number;
  readonly worker?: Partial<WorkerHostOptions>;
}

interface Waiting {
  readonly job: PictureJob;
  readonly done: PromiseWithResolvers<Picture>;
}

const ENTRY = fileURLToPath(new URL('picture.worker.ts', import.meta.url));

/**
 * Makes JPEGs of encoded video in a child process, one at a time: a picture that crashes or hangs the decoder costs
 * itself and a new process. The process runs only while it is used.
 */
export class PictureMaker {
  /** Processes that ended on their own or had to be killed. */
  crashes = 0;
  readonly #options: PictureMakerOptions;
  readonly #waiting: Waiting[] = [];
  #host: WorkerHost | undefined;
  #current: (Waiting & { readonly id: number; readonly timer: NodeJS.Timeout }) | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: PictureMakerOptions = {}) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get pid(): number | undefined {
    return this.#host?.pid;
  }

  /** @throws SightmeshError `no_picture` when it cannot be decoded, `unavailable` when too many wait */
  make(job: PictureJob): Promise<Picture> {
    if (job.units.length === 0) return Promise.reject(new SightmeshError('no_picture'));
    if (this.#closed || this.#waiting.length >= (this.#options.maxWaiting ?? 32)) {
      return Promise.reject(new SightmeshError('unavailable', 'Too many pictures are being made.'));
    }
    const done = Promise.withResolvers<Picture>();
    this.#waiting.push({ job, done });
    this.#next();
    return done.promise;
  }

  /** Idempotent. What waits is refused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#fail('The node is stopping.');
    for (const { done } of this.#waiting.splice(0)) done.reject(new SightmeshError('unavailable'));
    this.#host?.close();
    this.#host = undefined;
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#rest();
      return;
    }
    clearTimeout(this.#idle);
    const id = this.#nextId;
    this.#nextId += 1;
    const timer = setTimeout(() => {
      this.#host?.kill();
    }, this.#options.deadlineMs ?? 8_000);
    this.#current = { ...next, id, timer };
    const { at, height } = next.job;
    if (!this.#worker().send({ type: 'make', id, at, height }, encodeJob(next.job))) this.#host?.kill();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#host?.close();
      this.#host = undefined;
    }, this.#options.idleMs ?? 60_000);
    this.#idle.unref();
  }

  #worker(): WorkerHost {
    if (this.#host?.alive === true) return this.#host;
    const host = new WorkerHost({ entry: ENTRY, nice: 5, ...this.#options.worker });
    host.on('message', (message, payload) => {
      this.#answer(message, payload);
    });
    host.once('exit', ({ expected }) => {
      if (this.#host !== host) return;
      this.#host = undefined;
      if (!expected) this.crashes += 1;
      this.#fail('The picture could not be decoded.');
      this.#next();
    });
    this.#host = host;
    return host;
  }

  #answer(message: WorkerMessage, payload: Buffer): void {
    const current = this.#current;
    if (current === undefined || message['id'] !== current.id) return;
    const { time, width, height } = message;
    if (
      message.type === 'made' &&
      typeof time === 'number' &&
      typeof width === 'number' &&
      typeof height === 'number'
    ) {
      this.#settle();
      current.done.resolve({ jpeg: Buffer.from(payload), width, height, time });
    } else {
      this.#fail('The picture could not be decoded.');
    }
    this.#next();
  }

  #fail(sentence: string): void {
    const current = this.#current;
    this.#settle();
    current?.done.reject(new SightmeshError('no_picture', sentence));
  }

  #settle(): void {
    clearTimeout(this.#current?.timer);
    this.#current = undefined;
  }
}

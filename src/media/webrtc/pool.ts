import { existsSync } from 'node:fs';
import { SightmeshError } from '../../contracts/errors.ts';
import { RestartDelay, type RestartOptions } from '../worker/restart.ts';
import { WebRtcWorker, type WebRtcWorkerOptions } from './worker.ts';

export interface PoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface WebRtcPoolOptions {
  readonly log: PoolLog;
  /** UDP and TCP port of the first worker. 0: free ones for all. */
  readonly port: number;
  /** Host or address that viewers reach this node by, when its own addresses are not it. */
  readonly advertise?: string | undefined;
  /** Worker processes, at least 1. */
  readonly workers: number;
  /** Path of the mediasoup worker; mediasoup's own place when absent. */
  readonly workerBin?: string | undefined;
  readonly restart?: Partial<RestartOptions>;
  /** For tests. */
  readonly startWorker?: (options: WebRtcWorkerOptions) => Promise<WebRtcWorker>;
}

export interface WebRtcWorkerStats {
  readonly port: number;
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly cameras: number;
  readonly viewers: number;
  readonly restarts: number;
}

interface Slot {
  readonly index: number;
  readonly delay: RestartDelay;
  port: number;
  worker: WebRtcWorker | undefined;
  starting: Promise<void> | undefined;
  later: NodeJS.Timeout | undefined;
  /** Why it is not running. */
  problem: string | null;
  restarts: number;
}

const WAIT_MS = 3_000;

/**
 * Port of a worker: the first has the configured one, the second that plus two, since the port in between is that of
 * the links between nodes; further ones follow.
 */
export const workerPort = (port: number, index: number): number =>
  port === 0 || index === 0 ? port : port + 1 + index;

/**
 * The mediasoup workers of a node. A worker that dies is replaced after a capped pause, what was made from it is closed.
 * Without a usable worker nothing throws at the start: `unavailable` says why, and it is tried again.
 */
export class WebRtcPool {
  readonly #options: WebRtcPoolOptions;
  readonly #slots: readonly Slot[];
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: WebRtcPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: Math.max(1, options.workers) }, (_, index) => ({
      index,
      delay: new RestartDelay(options.restart),
      port: workerPort(options.port, index),
      worker: undefined,
      starting: undefined,
      later: undefined,
      problem: null,
      restarts: 0,
    }));
  }

  /** Resolves when each worker runs or has failed once; never rejects. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#start(slot)));
  }

  /** Why there is no WebRTC, one sentence; null when there is. */
  get unavailable(): string | null {
    if (this.#slots.some((slot) => slot.worker?.closed === false)) return null;
    return this.#slots.find((slot) => slot.problem !== null)?.problem ?? 'WebRTC is starting.';
  }

  /** Of the first worker; with a configured port of 0 known after `start`. */
  get port(): number {
    return this.#slots[0]?.port ?? 0;
  }

  get stats(): readonly WebRtcWorkerStats[] {
    return this.#slots.map(({ port, worker, restarts }) => ({
      port,
      pid: worker?.pid,
      running: worker?.closed === false,
      cameras: worker?.routers ?? 0,
      viewers: worker?.transports ?? 0,
      restarts,
    }));
  }

  /**
   * The worker with the fewest viewers. Waits for one that is just being replaced.
   *
   * @throws SightmeshError `webrtc_unavailable`
   */
  async choose(): Promise<WebRtcWorker> {
    const until = performance.now() + WAIT_MS;
    for (;;) {
      const worker = this.#leastLoaded();
      if (worker !== undefined) return worker;
      const left = until - performance.now();
      const hopeless = this.#slots.every(({ problem }) => problem !== null);
      if (this.#closed || hopeless || left <= 0) {
        throw new SightmeshError('webrtc_unavailable', this.unavailable ?? undefined);
      }
      await this.#change(left);
    }
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#slots) {
      clearTimeout(slot.later);
      slot.worker?.close();
    }
    this.#changed();
  }

  #leastLoaded(): WebRtcWorker | undefined {
    return this.#slots
      .flatMap(({ worker }) => (worker?.closed === false ? [worker] : []))
      .sort((one, other) => one.transports - other.transports || one.routers - other.routers)[0];
  }

  #start(slot: Slot): Promise<void> {
    slot.starting ??= this.#tryStart(slot).finally(() => {
      slot.starting = undefined;
      this.#changed();
    });
    return slot.starting;
  }

  async #tryStart(slot: Slot): Promise<void> {
    const { port, index } = slot;
    const since = performance.now();
    try {
      const worker = await this.#makeWorker(port);
      if (this.#closed) {
        worker.close();
        return;
      }
      slot.worker = worker;
      slot.port = worker.port;
      slot.problem = null;
      worker.onDied((err) => {
        if (slot.worker !== worker || this.#closed) return;
        slot.worker = undefined;
        slot.restarts += 1;
        this.#options.log.warn(
          { err, worker: index },
          'a WebRTC worker died; its viewers have to join again',
        );
        this.#later(slot, performance.now() - since);
      });
    } catch (err) {
      const first = slot.problem === null;
      slot.problem = sentence(err, port);
      if (first) this.#options.log.warn({ err, worker: index }, `WebRTC is off: ${slot.problem}`);
      this.#later(slot, 0);
    }
  }

  async #makeWorker(port: number): Promise<WebRtcWorker> {
    const { advertise, workerBin } = this.#options;
    if (workerBin !== undefined && !existsSync(workerBin)) throw new NoWorkerError();
    const start =
      this.#options.startWorker ?? ((options: WebRtcWorkerOptions) => WebRtcWorker.start(options));
    return start({ port, advertise, workerBin });
  }

  #later(slot: Slot, livedMs: number): void {
    if (this.#closed) return;
    slot.later = setTimeout(() => void this.#start(slot), slot.delay.next(livedMs));
    slot.later.unref();
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
  }

  async #change(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => resolve(undefined);
    this.#waiting.add(wake);
    const timer = setTimeout(wake, withinMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
    }
  }
}

class NoWorkerError extends Error {
  override readonly name = 'NoWorkerError';
}

function sentence(error: unknown, port: number): string {
  const text = String(error);
  if (error instanceof NoWorkerError || /ENOENT|EACCES/.test(text)) {
    return 'the mediasoup worker is not there or does not start; `npx sightmesh doctor` says how to get it.';
  }
  if (/address already in use|EADDRINUSE|port bind failed/i.test(text)) return `port ${port} is taken.`;
  return 'the mediasoup worker does not start; the log says why.';
}

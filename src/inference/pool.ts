import path from 'node:path';
import {
  type AnalysisState,
  type AnalysisStream,
  type AnalysisStreamOptions,
  PoolStream,
} from './pool-stream.ts';
import { type PoolLog, PoolWorker } from './pool-worker.ts';

export interface AnalysisPoolOptions {
  readonly log: PoolLog;
  /** Processes at most; each is started when the first stream needs it. */
  readonly workers: number;
  /** Added to niceness, so that recording goes first. */
  readonly nice: number;
  /** Absolute path of the worker, for tests. */
  readonly entry?: string;
  /** Silence after which a worker hangs and is killed, milliseconds. Default 30,000. */
  readonly hungAfterMs?: number;
  /** Pause before the first restart of a worker and at most, milliseconds. Default 250 and 30,000. */
  readonly restartMs?: readonly [first: number, most: number];
  /** Pauses of a stream whose pictures took 1, 2, 3, … workers along, milliseconds. Default 1 s, 10 s, 1 min, 10 min. */
  readonly pausesMs?: readonly number[];
}

export interface AnalysisPoolStats {
  /** Processes that run. */
  readonly workers: number;
  /** Workers that died or were killed so far. */
  readonly restarts: number;
  readonly streams: number;
  /** Streams that get no worker for a while. */
  readonly setAside: number;
  /** Bytes on their way to the workers. */
  readonly queuedBytes: number;
  /** Of all streams so far; see `AnalysisState`. */
  readonly inferences: number;
  readonly skipped: number;
  readonly dropped: number;
  readonly damaged: number;
  /** Pictures a second in which motion is sought. */
  readonly fps: number;
  /** Longest of the last second. */
  readonly latencyMs: number;
  /** Time that one picture takes an engine, mean of the workers that have one. */
  readonly inferenceMs: number;
}

type Counts = Pick<AnalysisState, 'inferences' | 'skipped' | 'dropped' | 'damaged'>;

interface Crashes {
  count: number;
  last: number;
  timer: NodeJS.Timeout | undefined;
}

const PAUSES_MS = [1_000, 10_000, 60_000, 600_000];
/** Crashes are forgotten after this time without one beyond the longest pause, milliseconds. */
const FORGET_MS = 900_000;

/**
 * The analysis workers of a node. A stream stays with its worker; a new one goes where there are fewest. A worker that
 * dies or hangs is replaced and its streams come back by themselves, except the one whose pictures did it: that one is
 * set aside, longer each time.
 */
export class AnalysisPool {
  readonly #options: AnalysisPoolOptions;
  readonly #workers: PoolWorker[];
  readonly #streams = new Map<number, PoolStream>();
  readonly #places = new Map<number, PoolWorker>();
  readonly #crashes = new Map<number, Crashes>();
  /** Of the streams that are closed. */
  #past: Counts = { inferences: 0, skipped: 0, dropped: 0, damaged: 0 };
  #next = 1;
  #closed = false;

  constructor(options: AnalysisPoolOptions) {
    this.#options = options;
    const { log, nice } = options;
    this.#workers = Array.from({ length: Math.max(1, options.workers) }, () => {
      const worker: PoolWorker = new PoolWorker({
        log,
        nice,
        entry: options.entry ?? path.join(import.meta.dirname, 'analysis.worker.ts'),
        hungAfterMs: options.hungAfterMs ?? 30_000,
        restartMs: options.restartMs ?? [250, 30_000],
        onDeath: (culprit) => {
          if (culprit !== undefined) this.#blame(culprit, worker);
        },
      });
      return worker;
    });
  }

  /** Begins to analyse a stream; `onReady` says when to send, possibly before this returns. */
  open(options: AnalysisStreamOptions): AnalysisStream {
    const stream = new PoolStream(this.#next, options, (closed) => {
      this.#forget(closed);
    });
    this.#next += 1;
    this.#streams.set(stream.number, stream);
    if (!this.#closed) this.#place(stream);
    return stream;
  }

  get stats(): AnalysisPoolStats {
    const states = [...this.#streams.values()].map(({ state }) => state);
    const busy = this.#workers.map(({ inferenceMs }) => inferenceMs).filter((ms) => ms > 0);
    return {
      workers: this.#workers.filter(({ alive }) => alive).length,
      restarts: this.#workers.reduce((total, { restarts }) => total + restarts, 0),
      streams: states.length,
      setAside: states.filter(({ state }) => state === 'set-aside').length,
      queuedBytes: this.#workers.reduce((total, { queuedBytes }) => total + queuedBytes, 0),
      ...states.reduce(add, this.#past),
      fps: Math.round(states.reduce((total, { fps }) => total + fps, 0) * 10) / 10,
      latencyMs: Math.max(0, ...states.map(({ latencyMs }) => latencyMs)),
      inferenceMs: busy.length === 0 ? 0 : busy.reduce((a, b) => a + b, 0) / busy.length,
    };
  }

  /** Process ids of the workers that run. */
  get pids(): readonly number[] {
    return this.#workers.filter(({ alive }) => alive).flatMap(({ pid }) => pid ?? []);
  }

  /** Idempotent. The streams get no word of it. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#crashes.values()) clearTimeout(timer);
    for (const worker of this.#workers) worker.close();
  }

  #place(stream: PoolStream): void {
    const worker = this.#workers.reduce((least, other) => (other.load < least.load ? other : least));
    this.#places.set(stream.number, worker);
    worker.add(stream);
  }

  #forget(stream: PoolStream): void {
    this.#past = add(this.#past, stream.state);
    this.#places.get(stream.number)?.remove(stream);
    this.#places.delete(stream.number);
    this.#streams.delete(stream.number);
    clearTimeout(this.#crashes.get(stream.number)?.timer);
    this.#crashes.delete(stream.number);
  }

  #blame(stream: PoolStream, worker: PoolWorker): void {
    const now = performance.now();
    const before = this.#crashes.get(stream.number);
    const count = before === undefined || now - before.last > FORGET_MS ? 1 : before.count + 1;
    const pauses = this.#options.pausesMs ?? PAUSES_MS;
    const pause = pauses[Math.min(count, pauses.length) - 1] ?? 0;
    worker.remove(stream, setAsideMessage(count, pause));
    this.#places.delete(stream.number);
    const timer = setTimeout(() => {
      if (!this.#closed && !stream.closed) this.#place(stream);
    }, pause);
    this.#crashes.set(stream.number, { count, last: now, timer });
    const fields = { camera: stream.options.id, crashes: count, pauseMs: pause };
    this.#options.log.warn(fields, 'the pictures of a camera took an analysis worker along');
  }
}

function add(a: Counts, b: Counts): Counts {
  return {
    inferences: a.inferences + b.inferences,
    skipped: a.skipped + b.skipped,
    dropped: a.dropped + b.dropped,
    damaged: a.damaged + b.damaged,
  };
}

function setAsideMessage(count: number, pauseMs: number): string {
  const times = count === 1 ? 'once' : `${String(count)} times`;
  const pause =
    pauseMs < 90_000
      ? `${String(Math.ceil(pauseMs / 1000))} s`
      : `${String(Math.round(pauseMs / 60_000))} min`;
  return `The pictures of this camera stopped the analysis ${times}; it is tried again after ${pause}.`;
}

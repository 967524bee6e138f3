import { randomUUID } from 'node:crypto';
import {
  type AddOptions,
  backoffAfter,
  DEFAULTS,
  type Job,
  JOB_STATES,
  JobFailure,
  type JobHandler,
  type JobQueue,
  type JobState,
  type Keep,
  type ListOptions,
  MAX_STALLS,
  reasonOf,
  share,
} from '../types.ts';
import type { JobEnd, JobRow, JobTable } from './table.ts';

export interface EmbeddedOptions {
  readonly table: JobTable;
  readonly keep: Keep;
  /** A worker that does not renew its lock for so long has died. */
  readonly lockMs?: number;
  /** How often it is looked whether a job has come due. */
  readonly pollMs?: number;
  /** Told what went wrong with the table, and when it is well again. */
  readonly onProblem?: (problem: string | null) => void;
  readonly now?: () => number;
}

interface Worker {
  readonly kind: string;
  readonly concurrency: number;
  readonly handler: JobHandler;
}

/** The job queue of one node alone, durable on the table it is given. */
export class EmbeddedJobQueue implements JobQueue {
  readonly #table: JobTable;
  readonly #keep: Keep;
  readonly #lockMs: number;
  readonly #now: () => number;
  readonly #onProblem: (problem: string | null) => void;
  readonly #workers = new Map<string, Worker>();
  /** By kind and id: what runs here. */
  readonly #running = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>();
  readonly #timer: NodeJS.Timeout;
  #taking: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #problem: string | null = null;

  constructor(options: EmbeddedOptions) {
    this.#table = options.table;
    this.#keep = options.keep;
    this.#lockMs = options.lockMs ?? 10_000;
    this.#now = options.now ?? Date.now;
    this.#onProblem = options.onProblem ?? (() => undefined);
    this.#timer = setInterval(() => this.#wake(), options.pollMs ?? 1_000);
    this.#timer.unref();
  }

  get problem(): string | null {
    return this.#problem;
  }

  async add(kind: string, data: unknown, options: AddOptions = {}): Promise<Job> {
    const now = this.#now();
    const row = await this.#table.insert({
      kind,
      id: options.id ?? randomUUID(),
      data,
      attempts: options.attempts ?? DEFAULTS.attempts,
      backoffMs: options.backoffMs ?? DEFAULTS.backoffMs,
      runAt: now + (options.delayMs ?? 0),
      createdAt: now,
    });
    this.#wake();
    return this.#jobOf(row);
  }

  process(kind: string, { concurrency }: { readonly concurrency: number }, handler: JobHandler): void {
    if (this.#workers.has(kind)) throw new Error(`jobs of kind ${kind} have a handler already`);
    this.#workers.set(kind, { kind, concurrency, handler });
    this.#wake();
  }

  async get(kind: string, id: string): Promise<Job | undefined> {
    const row = await this.#table.get(kind, id);
    return row && this.#jobOf(row);
  }

  async list(kind: string, options: ListOptions = {}): Promise<Job[]> {
    const wanted = options.states ?? JOB_STATES;
    const limit = options.limit ?? DEFAULTS.limit;
    const states = new Set(wanted.map((state) => (state === 'delayed' ? 'waiting' : state)));
    const apart = wanted.includes('waiting') !== wanted.includes('delayed');
    const rows = await this.#table.list(kind, [...states], apart ? Number.MAX_SAFE_INTEGER : limit);
    return rows
      .map((row) => this.#jobOf(row))
      .filter(({ state }) => wanted.includes(state))
      .slice(0, limit);
  }

  async cancel(kind: string, id: string): Promise<Job | undefined> {
    const row = await this.#table.cancel(kind, id, this.#now());
    if (row?.state === 'cancelled') {
      this.#running.get(keyOf(kind, id))?.abort.abort(new Error('the job was cancelled'));
      await this.#trim(kind);
    }
    return row && this.#jobOf(row);
  }

  remove(kind: string, id: string): Promise<boolean> {
    return this.#table.remove(kind, id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { abort } of this.#running.values()) abort.abort(new Error('the queue closes'));
    await this.#taking;
    await Promise.all(Array.from(this.#running.values(), ({ ended }) => ended));
  }

  #wake(): void {
    if (this.#closed) return;
    if (this.#taking !== undefined) {
      this.#again = true;
      return;
    }
    this.#taking = this.#takeAll().finally(() => {
      this.#taking = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#wake();
    });
  }

  /** Takes what is due, as far as there are hands for it. Never rejects. */
  async #takeAll(): Promise<void> {
    try {
      for (const worker of this.#workers.values()) await this.#takeFor(worker);
      this.#tell(null);
    } catch (error) {
      this.#tell(`The job queue does not answer: ${reasonOf(error)}`);
    }
  }

  async #takeFor(worker: Worker): Promise<void> {
    while (!this.#closed && this.#countOf(worker.kind) < worker.concurrency) {
      const token = randomUUID();
      const claim = { token, now: this.#now(), lockMs: this.#lockMs };
      const row = await this.#table.take(worker.kind, claim, MAX_STALLS);
      if (row === undefined) return;
      this.#run(worker, row, token);
    }
  }

  #countOf(kind: string): number {
    return [...this.#running.keys()].filter((key) => key.startsWith(keyOf(kind, ''))).length;
  }

  #run(worker: Worker, row: JobRow, token: string): void {
    const key = keyOf(row.kind, row.id);
    const abort = new AbortController();
    const ended = this.#runOnce(worker, row, token, abort).finally(() => {
      if (this.#running.get(key)?.abort === abort) this.#running.delete(key);
      this.#wake();
    });
    // A job that was lost to another worker may still be ending here.
    this.#running.set(key, { abort, ended });
  }

  /** Never rejects. */
  async #runOnce(worker: Worker, row: JobRow, token: string, abort: AbortController): Promise<void> {
    const { kind, id } = row;
    const lost = (held: boolean): void => {
      if (!held) abort.abort(new Error('the job is no longer held by this worker'));
    };
    const renewing = setInterval(() => {
      const claim = { token, now: this.#now(), lockMs: this.#lockMs };
      this.#table.renew(kind, id, claim).then(lost, (error: unknown) => this.#tell(reasonOf(error)));
    }, this.#lockMs / 3);
    let end: JobEnd;
    try {
      const result = await worker.handler({
        job: this.#jobOf(row),
        signal: abort.signal,
        progress: async (value) => lost(await this.#table.progress(kind, id, token, share(value))),
      });
      end = { state: 'done', result };
    } catch (error) {
      end = this.#endOf(row, error, abort.signal);
    } finally {
      clearInterval(renewing);
    }
    try {
      await this.#table.finish(kind, id, token, end, this.#now());
      await this.#trim(kind);
    } catch (error) {
      this.#tell(`The end of a job could not be written, it will run again: ${reasonOf(error)}`);
    }
  }

  #endOf(row: JobRow, error: unknown, signal: AbortSignal): JobEnd {
    if (this.#closed && signal.aborted) return { state: 'released' };
    const failures = row.failures + 1;
    if (error instanceof JobFailure || failures >= row.attempts)
      return { state: 'failed', error: reasonOf(error) };
    const runAt = this.#now() + backoffAfter(failures, row.backoffMs);
    return { state: 'waiting', error: reasonOf(error), runAt };
  }

  async #trim(kind: string): Promise<void> {
    await this.#table.trim(kind, this.#keep.count, this.#now() - this.#keep.ageMs);
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }

  #jobOf(row: JobRow): Job {
    const { kind, id, data, progress, failures, result, error, createdAt, startedAt, finishedAt } = row;
    const state: JobState = row.state === 'waiting' && row.runAt > this.#now() ? 'delayed' : row.state;
    return { kind, id, data, state, progress, failures, result, error, createdAt, startedAt, finishedAt };
  }
}

const keyOf = (kind: string, id: string): string => `${kind}\n${id}`;

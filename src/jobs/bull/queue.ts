import { randomUUID } from 'node:crypto';
import Bull, { type Job as BullJob, type JobStatus, type Queue } from 'bull';
import { SightmeshError } from '../../contracts/errors.ts';
import {
  type AddOptions,
  backoffAfter,
  DEFAULTS,
  type Job,
  JOB_STATES,
  JobFailure,
  type JobHandler,
  type JobQueue,
  type Keep,
  type ListOptions,
  MAX_STALLS,
  reasonOf,
  share,
} from '../types.ts';
import type { RedisOptions } from './connection.ts';
import { type Envelope, jobOf, wrapResult } from './envelope.ts';

export interface BullOptions {
  readonly redis: RedisOptions;
  readonly keep: Keep;
  /** A worker that does not renew its lock for so long has died; it is noticed within twice that time. */
  readonly lockMs?: number;
  /** Told what is wrong with Redis, and when it is well again. */
  readonly onProblem?: (problem: string | null) => void;
}

const CALL_MS = 5_000;
const BACKOFF = 'doubling';
const STATUSES: readonly JobStatus[] = ['waiting', 'paused', 'delayed', 'active', 'completed', 'failed'];
const AWAY = 'Redis is away: exports and other long jobs wait until it is back.';
const REFUSED = 'Redis refuses the user or password of its address: exports and other long jobs wait.';

/** The job queue of a cluster: Bull on Redis, one queue of it for each kind. */
export class BullJobQueue implements JobQueue {
  readonly #options: BullOptions;
  readonly #lockMs: number;
  readonly #queues = new Map<string, Queue<Envelope>>();
  /** By kind and id: what runs here. */
  readonly #running = new Map<string, AbortController>();
  /** Handlers that wait for Redis to be there for the first time, by kind. */
  readonly #pending = new Map<string, () => void>();
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<void> | undefined;
  #problem: string | null = null;

  constructor(options: BullOptions) {
    this.#options = options;
    this.#lockMs = options.lockMs ?? 30_000;
    this.#timer = setInterval(() => this.#look(), 1_000);
    this.#timer.unref();
  }

  get problem(): string | null {
    return this.#problem;
  }

  async add(kind: string, data: unknown, options: AddOptions = {}): Promise<Job> {
    const id = options.id ?? randomUUID();
    const queue = this.#queue(kind);
    await this.#call(queue, () =>
      queue.add(
        { data },
        {
          jobId: id,
          delay: options.delayMs ?? 0,
          attempts: options.attempts ?? DEFAULTS.attempts,
          backoff: { type: BACKOFF, options: { firstMs: options.backoffMs ?? DEFAULTS.backoffMs } },
        },
      ),
    );
    const job = await this.get(kind, id);
    if (job === undefined) throw new SightmeshError('unavailable', 'Redis has forgotten the job at once.');
    return job;
  }

  process(kind: string, { concurrency }: { readonly concurrency: number }, handler: JobHandler): void {
    const queue = this.#queue(kind);
    this.#pending.set(kind, () => {
      queue
        .process(concurrency, (job) => this.#run(kind, queue, job, handler))
        .catch((error: unknown) => this.#tell(`Jobs of kind ${kind} are not taken: ${reasonOf(error)}`));
    });
    void this.#check(kind, queue);
  }

  async get(kind: string, id: string): Promise<Job | undefined> {
    const queue = this.#queue(kind);
    return this.#call(queue, () => read(kind, queue, id));
  }

  async list(kind: string, options: ListOptions = {}): Promise<Job[]> {
    const queue = this.#queue(kind);
    const { states = JOB_STATES, limit = DEFAULTS.limit } = options;
    const found = await this.#call(queue, () =>
      Promise.all(
        STATUSES.map(async (status) => {
          const jobs = (await queue.getJobs([status], 0, -1, false)) as (BullJob<Envelope> | null)[];
          return jobs.flatMap((job) => (job === null ? [] : [jobOf(kind, job, status)]));
        }),
      ),
    );
    // A job that moved on meanwhile is in two of the lists: it counts where it was found last.
    const jobs = new Map(found.flat().map((job) => [job.id, job]));
    return [...jobs.values()]
      .filter(({ state }) => states.includes(state))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  async cancel(kind: string, id: string): Promise<Job | undefined> {
    const queue = this.#queue(kind);
    return this.#call(queue, async () => {
      const job = await find(queue, id);
      if (job === undefined) return undefined;
      const status = await job.getState();
      if (status === 'completed' || status === 'failed' || job.data.cancelledAt !== undefined)
        return jobOf(kind, job, status);
      await job.update({ ...job.data, cancelledAt: Date.now() });
      // Who takes it next finds that it is cancelled, and ends it.
      if (status === 'delayed') await job.promote().catch(() => undefined);
      this.#running.get(keyOf(kind, id))?.abort(new Error('the job was cancelled'));
      return read(kind, queue, id);
    });
  }

  async remove(kind: string, id: string): Promise<boolean> {
    const queue = this.#queue(kind);
    return this.#call(queue, async () => {
      const job = await find(queue, id);
      if (job === undefined) return false;
      const status = await job.getState();
      const ended = status === 'completed' || status === 'failed' || job.data.cancelledAt !== undefined;
      if (!ended || status === 'active') return false;
      await job.remove();
      return true;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    for (const abort of this.#running.values()) abort.abort(new Error('the queue closes'));
    await Promise.all(Array.from(this.#queues.values(), (queue) => closeQueue(queue)));
  }

  #queue(kind: string): Queue<Envelope> {
    let queue = this.#queues.get(kind);
    if (queue !== undefined) return queue;
    const { redis, keep } = this.#options;
    const kept = { count: keep.count, age: Math.ceil(keep.ageMs / 1000) };
    queue = new Bull<Envelope>(kind, {
      prefix: 'sightmesh:jobs',
      redis,
      defaultJobOptions: { removeOnComplete: kept, removeOnFail: kept },
      settings: {
        lockDuration: this.#lockMs,
        lockRenewTime: Math.ceil(this.#lockMs / 3),
        stalledInterval: this.#lockMs,
        maxStalledCount: MAX_STALLS,
        guardInterval: 1_000,
        retryProcessDelay: 1_000,
        drainDelay: 1,
        backoffStrategies: {
          [BACKOFF]: (failures, _error, options: unknown) =>
            backoffAfter(failures, (options as { firstMs: number }).firstMs),
        },
      },
    });
    queue.on('error', (error) => this.#failed(error));
    queue.client.on('ready', () => void this.#check(kind, queue));
    queue.client.on('close', () => this.#problem ?? this.#tell(AWAY));
    this.#queues.set(kind, queue);
    return queue;
  }

  /** Waits a little for Redis, then says that it is away. */
  async #call<T>(queue: Queue<Envelope>, call: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new SightmeshError('unavailable', 'The job queue is closed.');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SightmeshError('unavailable', AWAY)), CALL_MS);
    });
    try {
      return await Promise.race([queue.isReady().then(call), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(
    kind: string,
    queue: Queue<Envelope>,
    job: BullJob<Envelope>,
    handler: JobHandler,
  ): Promise<unknown> {
    const key = keyOf(kind, String(job.id));
    const abort = new AbortController();
    this.#running.set(key, abort);
    try {
      if (await isCancelled(queue, String(job.id))) throw new JobFailure('cancelled');
      const result = await handler({
        job: jobOf(kind, job, 'active'),
        signal: abort.signal,
        progress: async (value) => {
          await this.#call(queue, () => job.progress(share(value))).catch(() => undefined);
        },
      });
      return wrapResult(result);
    } catch (error) {
      if (this.#closing !== undefined) return await givenBack();
      if (error instanceof JobFailure || abort.signal.aborted) await job.discard();
      throw error instanceof Error ? error : new Error(String(error));
    } finally {
      if (this.#running.get(key) === abort) this.#running.delete(key);
    }
  }

  /** Whether Redis is there and takes us; then jobs are taken from it. Never rejects. */
  async #check(kind: string, queue: Queue<Envelope>): Promise<void> {
    if (queue.client.status !== 'ready') return;
    try {
      await queue.client.ping();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#tell(null);
    const begin = this.#pending.get(kind);
    this.#pending.delete(kind);
    begin?.();
  }

  /** Whether Redis is back, and whether what runs here was cancelled on another node. */
  #look(): void {
    if (this.#problem !== null || this.#pending.size > 0)
      for (const [kind, queue] of this.#queues) void this.#check(kind, queue);
    for (const [key, abort] of this.#running) {
      const [kind = '', id = ''] = key.split('\n');
      const queue = this.#queue(kind);
      if (queue.client.status !== 'ready') continue;
      isCancelled(queue, id)
        .then((cancelled) => cancelled && abort.abort(new Error('the job was cancelled')))
        .catch((error: unknown) => this.#failed(error));
    }
  }

  #failed(error: unknown): void {
    const reason = reasonOf(error);
    if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) this.#tell(REFUSED);
    else if (/ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH/.test(reason)) this.#tell(AWAY);
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem || this.#closing !== undefined) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }
}

const keyOf = (kind: string, id: string): string => `${kind}\n${id}`;

const find = async (queue: Queue<Envelope>, id: string): Promise<BullJob<Envelope> | undefined> =>
  (await queue.getJob(id)) ?? undefined;

/** The state first: it may move on in between, and what is finished stays. */
async function read(kind: string, queue: Queue<Envelope>, id: string): Promise<Job | undefined> {
  const status = await (await find(queue, id))?.getState();
  const job = status && (await find(queue, id));
  return job && jobOf(kind, job, status);
}

const isCancelled = async (queue: Queue<Envelope>, id: string): Promise<boolean> =>
  (await find(queue, id))?.data.cancelledAt !== undefined;

/** Bull waits for Redis before it closes: where that is away, only the connections are given up. */
async function closeQueue(queue: Queue<Envelope>): Promise<void> {
  if (queue.client.status === 'ready') await queue.close(true);
  else await (queue as Queue<Envelope> & { disconnect(): Promise<void> }).disconnect();
}

/** A job whose run never ends: its lock runs out, and another worker, or this one later, takes it without a failure. */
const givenBack = (): Promise<never> => new Promise(() => undefined);

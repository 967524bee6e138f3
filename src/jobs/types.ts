/**
 * Long work that outlives the process that does it. The embedded queue serves one node alone, Bull on Redis a cluster;
 * one conformance suite runs against both. Each job runs **at least once**: after a crash it runs again, so a handler
 * must do no harm when it does the same a second time.
 */

export const JOB_STATES = ['waiting', 'delayed', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Times are milliseconds since 1970. */
export interface Job<D = unknown> {
  readonly kind: string;
  /** Unique within its kind as long as the job is kept. */
  readonly id: string;
  readonly data: D;
  readonly state: JobState;
  /** 0 to 1. */
  readonly progress: number;
  /** How often the handler has failed so far. */
  readonly failures: number;
  /** What the handler gave back; null until it is done. */
  readonly result: unknown;
  /** Why it failed the last time. */
  readonly error: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface AddOptions {
  /** A job of this id that is still kept is returned instead of making a second one. */
  readonly id?: string;
  /** Not before so many milliseconds from now. */
  readonly delayMs?: number;
  /** How often the handler may fail, default 3. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, twice as many before each further one. Default 5,000. */
  readonly backoffMs?: number;
}

/** One run of a job. */
export interface JobRun<D = unknown> {
  readonly job: Job<D>;
  /** Aborted when the job is cancelled, when the queue closes, or when another worker has taken the job over. */
  readonly signal: AbortSignal;
  /** @param share 0 to 1 */
  readonly progress: (share: number) => Promise<void>;
}

/** Gives back what becomes the result, as JSON. @throws JobFailure to fail for good, anything else to be tried again */
export type JobHandler<D = unknown> = (run: JobRun<D>) => Promise<unknown>;

export interface ListOptions {
  /** Default: all. */
  readonly states?: readonly JobState[];
  /** Default 100. */
  readonly limit?: number;
}

export interface JobQueue {
  /** Resolves when the job is on disk. @throws SightmeshError `unavailable` when the queue cannot be reached */
  add(kind: string, data: unknown, options?: AddOptions): Promise<Job>;
  /** Gives the jobs of a kind to a handler, so many at a time. Once for each kind. */
  process(kind: string, options: { readonly concurrency: number }, handler: JobHandler): void;
  /** @throws SightmeshError `unavailable` */
  get(kind: string, id: string): Promise<Job | undefined>;
  /** Newest first. @throws SightmeshError `unavailable` */
  list(kind: string, options?: ListOptions): Promise<Job[]>;
  /** Ends a job that is not finished; undefined when there is none. @throws SightmeshError `unavailable` */
  cancel(kind: string, id: string): Promise<Job | undefined>;
  /** Forgets a finished job; false when there is none or it is not finished. @throws SightmeshError `unavailable` */
  remove(kind: string, id: string): Promise<boolean>;
  /** Why nothing moves, for a person; null when all is well. */
  readonly problem: string | null;
  /** What is running is given back and goes on elsewhere or later. Idempotent. */
  close(): Promise<void>;
}

/** How many finished jobs of a kind and state are kept, and for how long. */
export interface Keep {
  readonly count: number;
  /** Milliseconds. */
  readonly ageMs: number;
}

/** The same again would not help: no further attempt. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
}

export const DEFAULTS = { attempts: 3, backoffMs: 5_000, limit: 100 } as const;

/** A job whose worker died so often takes its worker with it. */
export const MAX_STALLS = 5;

const LONGEST_BACKOFF_MS = 3_600_000;

/** Milliseconds to wait after so many failures. */
export const backoffAfter = (failures: number, firstMs: number): number =>
  Math.min(LONGEST_BACKOFF_MS, firstMs * 2 ** Math.max(0, Math.min(failures, 30) - 1));

/** A number from 0 to 1, whatever a handler says. */
export const share = (value: number): number => (value > 0 ? Math.min(1, value) : 0);

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 1_000);

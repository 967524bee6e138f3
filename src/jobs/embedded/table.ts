/** A job as the embedded queue keeps it. Times are milliseconds since 1970. */
export interface JobRow {
  readonly kind: string;
  readonly id: string;
  /** `waiting` is also what has a time before which it must not run. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly data: unknown;
  readonly progress: number;
  readonly failures: number;
  /** How often its worker died. */
  readonly stalls: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly runAt: number;
  readonly result: unknown;
  readonly error: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export type NewJob = Pick<JobRow, 'kind' | 'id' | 'data' | 'attempts' | 'backoffMs' | 'runAt' | 'createdAt'>;

/** Whose a running job is: nobody else may change it until the lock has run out. */
export interface Claim {
  readonly token: string;
  readonly now: number;
  readonly lockMs: number;
}

export type JobEnd =
  | { readonly state: 'done'; readonly result: unknown }
  | { readonly state: 'failed'; readonly error: string }
  /** Failed, to be tried again. */
  | { readonly state: 'waiting'; readonly error: string; readonly runAt: number }
  /** Not failed, only given back. */
  | { readonly state: 'released' };

/** The table behind the embedded queue. Every method is atomic. */
export interface JobTable {
  /** The job of that kind and id, be it this one or one that was there. */
  insert(job: NewJob): Promise<JobRow>;
  get(kind: string, id: string): Promise<JobRow | undefined>;
  /** Newest first. */
  list(kind: string, states: readonly JobRow['state'][], limit: number): Promise<JobRow[]>;
  /**
   * Takes the job that has waited longest. What runs without its lock being renewed waits again, before that; after
   * `maxStalls` times it has failed.
   */
  take(kind: string, claim: Claim, maxStalls: number): Promise<JobRow | undefined>;
  /** False when the job is no longer held by the token: cancelled, or taken over. */
  renew(kind: string, id: string, claim: Claim): Promise<boolean>;
  /** False like `renew`. */
  progress(kind: string, id: string, token: string, share: number): Promise<boolean>;
  /** False like `renew`. */
  finish(kind: string, id: string, token: string, end: JobEnd, now: number): Promise<boolean>;
  /** Waiting and running jobs become cancelled, others stay as they are. */
  cancel(kind: string, id: string, now: number): Promise<JobRow | undefined>;
  /** False when there is none that is finished. */
  remove(kind: string, id: string): Promise<boolean>;
  /** Removes finished jobs beyond the newest `count` of each state, and those that ended before a time. */
  trim(kind: string, count: number, before: number): Promise<number>;
}

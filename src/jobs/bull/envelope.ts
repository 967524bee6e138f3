import type { Job as BullJob, JobStatus } from 'bull';
import type { Job, JobState } from '../types.ts';

/** What Bull keeps as the data of a job. */
export interface Envelope {
  readonly data: unknown;
  /** When it was cancelled; whoever holds it ends it. */
  readonly cancelledAt?: number;
}

const STATES: Readonly<Record<JobStatus, JobState>> = {
  waiting: 'waiting',
  paused: 'waiting',
  delayed: 'delayed',
  active: 'running',
  completed: 'done',
  failed: 'failed',
};

/** @param status which of Bull's sets it is in; `stuck` is between two of them */
export function jobOf(kind: string, job: BullJob<Envelope>, status: JobStatus | 'stuck'): Job {
  const { data, cancelledAt } = job.data;
  const state = status === 'stuck' ? 'waiting' : STATES[status];
  const cancelled = cancelledAt !== undefined && state !== 'done';
  const progress: unknown = job.progress();
  return {
    kind,
    id: String(job.id),
    data,
    state: cancelled ? 'cancelled' : state,
    progress: state === 'done' ? 1 : typeof progress === 'number' ? progress : 0,
    failures: job.attemptsMade,
    result: state === 'done' ? resultOf(job.returnvalue) : null,
    error: state === 'done' || cancelled ? null : (job.failedReason ?? null),
    createdAt: job.timestamp,
    startedAt: job.processedOn ?? null,
    finishedAt: job.finishedOn ?? cancelledAt ?? null,
  };
}

/** Wrapped, since Bull does not keep null apart from 0. */
export const wrapResult = (result: unknown) => ({ result: result ?? null });

const resultOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'result' in value ? value.result : null;

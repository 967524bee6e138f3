import { z } from 'zod';
import { CameraId } from '../../contracts/entities.ts';
import type { Export } from '../../contracts/jobs.ts';
import type { Job } from '../../jobs/types.ts';

export const EXPORT = 'export';

/** What the job of an export keeps. */
export const ExportData = z.object({
  user: z.string(),
  cameras: z.array(CameraId),
  from: z.string(),
  to: z.string(),
});
export type ExportData = z.output<typeof ExportData>;

const Result = z.object({
  bytes: z.number(),
  node: z.string(),
  signer: z.string(),
  missing: z.array(z.string()),
});

const STATES = {
  waiting: 'queued',
  delayed: 'queued',
  running: 'running',
  done: 'done',
  failed: 'failed',
} as const;

const iso = (time: number): string => new Date(time).toISOString();

/**
 * An export as the API shows it; undefined for what is no export, or was cancelled.
 *
 * @param keepMs how long a finished one is kept
 */
export function exportOf(job: Job, keepMs: number): Export | undefined {
  const data = ExportData.safeParse(job.data);
  if (job.state === 'cancelled' || !data.success) return undefined;
  const { user, cameras, from, to } = data.data;
  const result = job.state === 'done' ? Result.safeParse(job.result).data : undefined;
  return {
    id: job.id,
    cameras,
    from,
    to,
    user,
    state: STATES[job.state],
    progress: job.progress,
    message: job.error ?? missingMessage(result?.missing ?? []),
    bytes: result?.bytes ?? null,
    node: result?.node ?? null,
    signer: result?.signer ?? null,
    createdAt: iso(job.createdAt),
    finishedAt: job.finishedAt === null ? null : iso(job.finishedAt),
    expiresAt: job.finishedAt === null ? null : iso(job.finishedAt + keepMs),
    download: result === undefined ? null : `/api/v1/exports/${job.id}/download`,
  };
}

const missingMessage = (cameras: readonly string[]): string | null =>
  cameras.length === 0 ? null : `Nothing was recorded in this range by ${cameras.join(', ')}.`;

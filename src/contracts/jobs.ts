import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { CameraId, list, Time } from './entities.ts';

export const Export = z.strictObject({
  id: z.string(),
  cameras: z.array(CameraId),
  from: Time,
  to: Time,
  /** Who asked for it. */
  user: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  /** 0 to 1. */
  progress: z.number(),
  /** Why it failed, or what is not in it. */
  message: z.string().nullable(),
  /** Of the finished file. */
  bytes: z.number().nullable(),
  /** Which node has the file. */
  node: z.string().nullable(),
  /** SHA-256 of the public key that signed the manifest, hexadecimal; `sightmesh verify --key` takes it. */
  signer: z.string().nullable(),
  createdAt: Time,
  finishedAt: Time.nullable(),
  /** When it is removed. */
  expiresAt: Time.nullable(),
  /** Path of the file under the host, null until it is there. */
  download: z.string().nullable(),
});
export type Export = z.output<typeof Export>;

export const JobInfo = z.strictObject({
  kind: z.string(),
  id: z.string(),
  state: z.enum(['waiting', 'delayed', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number(),
  failures: z.number().int(),
  message: z.string().nullable(),
  createdAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
});
export type JobInfo = z.output<typeof JobInfo>;

const ById = z.strictObject({ id: z.string().max(100) });

/** Long work: exports at first. It outlives the node that does it. */
export const jobs = defineContract({
  name: 'jobs',
  kind: 'service',
  actions: {
    createExport: {
      summary: 'Put what was recorded of a range into a zip with a signed manifest',
      params: z.strictObject({ cameras: z.array(CameraId).min(1).max(64), from: Time, to: Time }),
      result: Export,
      access: 'export',
      rest: 'POST /exports',
      camera: 'cameras',
      resultCamera: 'cameras',
      status: 201,
    },
    listExports: {
      summary: 'Exports of cameras that the caller may see, newest first',
      params: Nothing,
      result: list(Export),
      access: 'export',
      rest: 'GET /exports',
      resultCamera: 'cameras',
    },
    getExport: {
      summary: 'One export; 403 when one of its cameras is not the caller’s',
      params: ById,
      result: Export,
      access: 'export',
      rest: 'GET /exports/:id',
      resultCamera: 'cameras',
    },
    deleteExport: {
      summary: 'End an export, or remove its file',
      params: ById,
      result: Nothing,
      access: 'export',
      rest: 'DELETE /exports/:id',
      status: 204,
    },
    listJobs: {
      summary: 'Long work of all kinds, newest first',
      params: Nothing,
      result: list(JobInfo),
      access: 'system.view',
      rest: 'GET /jobs',
    },
  },
});

import { randomUUID } from 'node:crypto';
import type { ExportFolder } from '../../archive/export/folder.ts';
import type { ExportMaker } from '../../archive/export/maker.ts';
import { errorCode, SightmeshError } from '../../contracts/errors.ts';
import type { Export } from '../../contracts/jobs.ts';
import { type Caller, maySee } from '../../contracts/rights.ts';
import { type Job, JobFailure, type JobQueue, type JobRun } from '../../jobs/types.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { EXPORT, ExportData, exportOf } from './export-view.ts';

export type ExportsParts = Pick<NodeContext, 'log' | 'nodeId' | 'clock'> & {
  readonly queue: JobQueue;
  readonly folder: ExportFolder;
  readonly maker: Pick<ExportMaker, 'make'>;
  /** How long a finished export is kept, milliseconds. */
  readonly keepMs: number;
};

export interface ExportRequest {
  readonly cameras: readonly string[];
  readonly from: string;
  readonly to: string;
}

const MAX_RANGE_MS = 31 * 86_400_000;
/** Of one user, waiting or running. */
const MAX_OPEN = 20;
/** Disk and event loop belong to recording: one after the other. */
const CONCURRENCY = 1;

/** Exports as jobs: asked for, made, shown, expired. */
export class Exports {
  readonly #parts: ExportsParts;

  constructor(parts: ExportsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.queue.process(EXPORT, { concurrency: CONCURRENCY }, (run) => this.#make(run));
  }

  /** @throws SightmeshError `forbidden`, `bad_range`, `too_many_requests`, `unavailable` */
  async create(request: ExportRequest, caller: Caller | undefined): Promise<Export> {
    const { queue, keepMs, clock } = this.#parts;
    const cameras = [...new Set(request.cameras)];
    checkCameras(cameras, caller);
    const from = Date.parse(request.from);
    const to = Math.min(Date.parse(request.to), clock.now());
    if (!(to > from))
      throw new SightmeshError('bad_range', '`from` must be before `to`, and not in the future');
    if (to - from > MAX_RANGE_MS) throw new SightmeshError('bad_range', 'the range is longer than 31 days');
    const user = caller?.user ?? 'system';
    const open = await queue.list(EXPORT, { states: ['waiting', 'delayed', 'running'], limit: 1_000 });
    if (open.filter(({ data }) => ExportData.safeParse(data).data?.user === user).length >= MAX_OPEN)
      throw new SightmeshError(
        'too_many_requests',
        `You have ${String(MAX_OPEN)} exports waiting: let them end first.`,
      );
    const data: ExportData = {
      user,
      cameras,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    };
    const made = exportOf(await queue.add(EXPORT, data, { id: randomUUID() }), keepMs);
    if (made === undefined) throw new SightmeshError('unavailable');
    return made;
  }

  async list(caller: Caller | undefined): Promise<Export[]> {
    const jobs = await this.#parts.queue.list(EXPORT, { limit: 500 });
    return jobs
      .flatMap((job) => exportOf(job, this.#parts.keepMs) ?? [])
      .filter(({ cameras }) => cameras.every((camera) => maySee(caller, camera)));
  }

  /** @throws SightmeshError `export_not_found`, `forbidden` */
  async get(id: string, caller: Caller | undefined): Promise<Export> {
    const job = await this.#parts.queue.get(EXPORT, id);
    const found = job && exportOf(job, this.#parts.keepMs);
    if (found === undefined) throw new SightmeshError('export_not_found');
    checkCameras(found.cameras, caller);
    return found;
  }

  /** @throws SightmeshError `export_not_found`, `forbidden` */
  async remove(id: string, caller: Caller | undefined): Promise<void> {
    const { queue, folder } = this.#parts;
    const { state } = await this.get(id, caller);
    if (state === 'queued' || state === 'running') await queue.cancel(EXPORT, id);
    await folder.remove(id);
    await queue.remove(EXPORT, id);
  }

  /** Removes files that have expired or whose export is gone. @throws SightmeshError `unavailable` */
  async sweep(): Promise<void> {
    const { queue, folder, keepMs, log } = this.#parts;
    const expired = (job: Job): boolean =>
      job.finishedAt !== null && job.finishedAt + keepMs <= this.#parts.clock.now();
    for (const id of await folder.ids()) {
      const job = await queue.get(EXPORT, id);
      if (job !== undefined && job.state !== 'cancelled' && !expired(job)) continue;
      await folder.remove(id);
      log.info({ export: id }, 'an export has expired');
    }
    for (const job of await queue.list(EXPORT, { states: ['done', 'failed'], limit: 1_000 }))
      if (expired(job)) await queue.remove(EXPORT, job.id);
  }

  async #make({ job, signal, progress }: JobRun): Promise<unknown> {
    const { maker, log } = this.#parts;
    const data = ExportData.parse(job.data);
    try {
      const result = await maker.make({ id: job.id, ...data }, { signal, progress });
      log.info({ export: job.id, bytes: result.bytes, cameras: data.cameras }, 'an export is ready');
      return result;
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ export: job.id, err: error }, 'an export could not be made');
      const code = errorCode(error);
      if (code === 'no_recording' || code === 'storage_full' || code === 'bad_range')
        throw new JobFailure(error instanceof Error ? error.message : code, { cause: error });
      throw new Error('It could not be made; the log of the node says why.', { cause: error });
    }
  }
}

/** @throws SightmeshError `forbidden` */
function checkCameras(cameras: readonly string[], caller: Caller | undefined): void {
  if (!cameras.every((camera) => maySee(caller, camera)))
    throw new SightmeshError('forbidden', 'one of these cameras is not one of yours');
}

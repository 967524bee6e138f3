import type { ServiceSchema } from 'moleculer';
import { type JobInfo, jobs as contract } from '../../contracts/jobs.ts';
import { type Caller, maySee } from '../../contracts/rights.ts';
import type { Job } from '../../jobs/types.ts';
import { serviceSchema } from '../../mixins/service.ts';
import { EXPORT, ExportData } from './export-view.ts';
import { Exports, type ExportsParts } from './exports.ts';

export type JobsParts = ExportsParts & {
  /** How often it is looked what has expired, milliseconds. */
  readonly sweepMs?: number;
};

const SWEEP_MS = 60_000;
const KINDS = [EXPORT];

/** Long work that outlives the node that does it. Takes over the queue, and closes it. */
export function createJobsService(parts: JobsParts): ServiceSchema {
  const { queue, log } = parts;
  const exports = new Exports(parts);
  let sweeping: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    sweeping = sweeping
      .then(() => exports.sweep())
      .catch((err: unknown) => log.warn({ err }, 'it could not be looked which exports have expired'));
  };
  return serviceSchema({
    contract,
    log,
    actions: {
      createExport: (request, { meta }) => exports.create(request, meta.caller),
      listExports: async (_, { meta }) => ({ items: await exports.list(meta.caller) }),
      getExport: ({ id }, { meta }) => exports.get(id, meta.caller),
      deleteExport: async ({ id }, { meta }) => {
        await exports.remove(id, meta.caller);
        return {};
      },
      listJobs: async (_, { meta }) => {
        const all = await Promise.all(KINDS.map((kind) => queue.list(kind)));
        return {
          items: all
            .flat()
            .filter((job) => mayKnow(job, meta.caller))
            .map(infoOf),
        };
      },
    },
    start: () => {
      exports.start();
      sweep();
      timer = setInterval(sweep, parts.sweepMs ?? SWEEP_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await queue.close();
      await sweeping;
    },
  });
}

const mayKnow = ({ data }: Job, caller: Caller | undefined): boolean =>
  (ExportData.safeParse(data).data?.cameras ?? []).every((camera) => maySee(caller, camera));

const iso = (time: number): string => new Date(time).toISOString();
const isoOrNull = (time: number | null): string | null => (time === null ? null : iso(time));

const infoOf = ({ kind, id, state, progress, failures, error, ...times }: Job): JobInfo => ({
  kind,
  id,
  state,
  progress,
  failures,
  message: error,
  createdAt: iso(times.createdAt),
  startedAt: isoOrNull(times.startedAt),
  finishedAt: isoOrNull(times.finishedAt),
});

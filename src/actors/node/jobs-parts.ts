import { readFile } from 'node:fs/promises';
import type { ExportFolder } from '../../archive/export/folder.ts';
import { ExportMaker } from '../../archive/export/maker.ts';
import { ManifestSigner } from '../../archive/export/manifest.ts';
import type { ArchivePlayer } from '../../archive/player.ts';
import { redisOptions } from '../../jobs/bull/connection.ts';
import { BullJobQueue } from '../../jobs/bull/queue.ts';
import { EmbeddedJobQueue } from '../../jobs/embedded/queue.ts';
import type { JobQueue } from '../../jobs/types.ts';
import type { BaseContext } from './start-node.ts';

const HOUR_MS = 3_600_000;

/** What long work needs: Bull where there is a Redis, else the queue in the catalog. @throws Error for a bad address */
export async function jobsParts(context: BaseContext, player: ArchivePlayer, folder: ExportFolder) {
  const { clock, config, nodeId } = context;
  const signer = await ManifestSigner.open(context.folder.keys);
  const keepMs = config.exports.keepHours * HOUR_MS;
  const maker = new ExportMaker({ player, folder, signer, nodeId, now: () => clock.now() });
  return { ...context, queue: await openQueue(context, keepMs), folder, maker, keepMs };
}

async function openQueue(
  { config, degraded, jobTable, log }: BaseContext,
  keepMs: number,
): Promise<JobQueue> {
  // Longer than the files, which are removed first.
  const keep = { count: 1_000, ageMs: keepMs + 24 * HOUR_MS };
  const onProblem = (problem: string | null): void => {
    if (problem === null) degraded.delete('jobs');
    else degraded.set('jobs', problem);
    log.warn({ part: 'jobs' }, problem ?? 'The job queue is well again.');
  };
  const { url, ca } = config.redis;
  if (url === null) return new EmbeddedJobQueue({ table: jobTable, keep, onProblem });
  const redis = redisOptions(url, ca === null ? null : await readFile(ca, 'utf8'));
  return new BullJobQueue({ redis, keep, onProblem });
}

import path from 'node:path';
import { Exports } from '../../../src/actors/jobs/exports.ts';
import { ExportFolder } from '../../../src/archive/export/folder.ts';
import { ExportMaker } from '../../../src/archive/export/maker.ts';
import { ManifestSigner } from '../../../src/archive/export/manifest.ts';
import { EmbeddedJobQueue } from '../../../src/jobs/embedded/queue.ts';
import type { ArchiveNode } from '../archive/archive-node.ts';

/** Exports of an archive on the embedded queue, with short locks. `halfway` is awaited when something was written. */
export async function openExports(node: ArchiveNode, halfway?: () => Promise<void>) {
  const { clock, log, nodeId, player, store } = node.parts;
  const folder = new ExportFolder({ path: path.join(node.folder, 'exports'), maxBytes: 2 ** 30 });
  const keep = { count: 100, ageMs: 1e9 };
  const queue = new EmbeddedJobQueue({ table: store.jobs, keep, lockMs: 1_000, pollMs: 100 });
  const signer = await ManifestSigner.open(node.folder);
  const maker = new ExportMaker({ player, folder, signer, nodeId, now: () => clock.now() });
  const exports = new Exports({
    ...{ clock, log, nodeId, queue, folder, keepMs: 3_600_000 },
    maker: {
      make: (order, options) =>
        maker.make(order, {
          ...options,
          progress: async (share) => {
            await options.progress(share);
            if (share > 0) await halfway?.();
          },
        }),
    },
  });
  return { exports, queue, folder };
}

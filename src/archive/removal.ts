import { rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import type { SegmentRecord, Store } from '../store/types.ts';
import { hasCode } from './files.ts';
import { dayOf } from './naming.ts';
import type { VolumeSet } from './volume-set.ts';

export interface RemovalParts {
  readonly store: {
    readonly segments: Pick<Store['segments'], 'remove'>;
    readonly settings: Pick<Store['settings'], 'get' | 'set' | 'remove'>;
  };
  readonly volumes: Pick<VolumeSet, 'resolve'>;
  readonly nodeId: string;
}

const Begun = z.array(z.object({ id: z.string(), volume: z.string(), path: z.string() }));
const keyOf = (nodeId: string): string => `archive.removing.${nodeId}`;

/**
 * Removes segments, file and row. What is about to go is written down first: whenever the node dies in between,
 * `finishRemovals` leaves neither a file that no row knows nor a row that promises a file. Those whose volume is not
 * here stay. Returns what is gone.
 *
 * @throws NodeJS.ErrnoException for the first file that could not be removed, after all others were
 */
export async function removeSegments(
  parts: RemovalParts,
  segments: readonly SegmentRecord[],
): Promise<SegmentRecord[]> {
  const here = segments.filter((segment) => parts.volumes.resolve(segment) !== undefined);
  if (here.length === 0) return [];
  const begun = here.map(({ id, volume, path }) => ({ id, volume, path }));
  await parts.store.settings.set(keyOf(parts.nodeId), begun);
  const failed = await removeFiles(parts, begun);
  const gone = here.filter(({ id }) => !failed.has(id));
  await parts.store.segments.remove(gone.map(({ id }) => id));
  await parts.store.settings.remove(keyOf(parts.nodeId));
  const [problem] = failed.values();
  if (gone.length === 0 && problem !== undefined) throw problem;
  return gone;
}

/** Ends what an earlier life of this node had begun to remove. @throws Error when the store fails */
export async function finishRemovals(
  parts: Omit<RemovalParts, 'store'> & {
    readonly store: {
      readonly segments: RemovalParts['store']['segments'];
      readonly settings: Pick<Store['settings'], 'get' | 'remove'>;
    };
  },
): Promise<void> {
  const begun = Begun.safeParse(await parts.store.settings.get(keyOf(parts.nodeId)));
  if (!begun.success || begun.data.length === 0) return;
  const failed = await removeFiles(parts, begun.data);
  const gone = begun.data.filter((one) => !failed.has(one.id) && parts.volumes.resolve(one) !== undefined);
  await parts.store.segments.remove(gone.map(({ id }) => id));
  await parts.store.settings.remove(keyOf(parts.nodeId));
}

/** The errors by id. A file that is gone already is no error. */
async function removeFiles(
  { volumes }: Pick<RemovalParts, 'volumes'>,
  segments: readonly Pick<SegmentRecord, 'id' | 'volume' | 'path'>[],
): Promise<Map<string, Error>> {
  const failed = new Map<string, Error>();
  const folders = new Set<string>();
  for (const { id, volume, path } of segments) {
    const file = volumes.resolve({ volume, path });
    if (file === undefined) continue;
    try {
      await rm(file, { force: true });
      folders.add(dirname(file));
    } catch (error) {
      failed.set(id, error instanceof Error ? error : new Error(String(error)));
    }
  }
  for (const folder of folders) await removeEmpty(folder);
  return failed;
}

/** A day folder that is empty, then the folders of its stream and camera. */
async function removeEmpty(day: string): Promise<void> {
  // A recorder may be about to write into that of today.
  if (basename(day) >= dayOf(Date.now())) return;
  const stream = dirname(day);
  for (const folder of [day, stream, dirname(stream)]) {
    try {
      await rmdir(folder);
    } catch (error) {
      // What is not empty stays.
      if (hasCode(error, 'ENOENT')) continue;
      return;
    }
  }
}

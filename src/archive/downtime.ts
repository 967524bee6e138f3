import type { Journal, NodeRecord, OutageRecord, Store } from '../store/types.ts';

export interface DowntimeParts {
  readonly store: Pick<Store, 'outages' | 'wanted' | 'segments'>;
  readonly journal: Pick<Journal, 'append'>;
  readonly nodeId: string;
  /** Of this life, milliseconds since 1970. */
  readonly startedAt: number;
}

/** How far back the end of a recording is looked for, milliseconds. */
const LAST_MS = 60_000;

/**
 * Explains the time in which this node did not run, for every camera that was to be recorded, and ends the outages that
 * it could not end itself.
 *
 * @param previous what `store.nodes` had about this node before this life wrote to it; undefined at its first start
 * @throws Error when the store or the disk fails
 */
export async function recordNodeDown(parts: DowntimeParts, previous: NodeRecord | undefined): Promise<void> {
  const { store, journal, nodeId, startedAt } = parts;
  if (previous === undefined) return;
  const ended = Math.min(startedAt, previous.stoppedAt ?? previous.seenAt);
  const open = (await store.outages.find({ open: true })).filter(({ node }) => node === nodeId);
  const closed = open.map((outage): OutageRecord => ({ ...outage, to: Math.max(outage.from, ended) }));
  const explained = new Set(open.map(({ camera }) => camera));
  const wanted = await store.wanted.find({ open: true });
  const cameras = new Set(wanted.filter(({ from }) => from < startedAt).map(({ camera }) => camera));
  const down = await Promise.all(
    [...cameras].map(async (camera): Promise<OutageRecord> => ({
      id: `${camera}/down-${nodeId}-${String(ended)}`,
      camera,
      node: nodeId,
      from: explained.has(camera) ? ended : await lastRecorded(store, camera, previous.startedAt, ended),
      to: startedAt,
      cause: 'node_down',
    })),
  );
  await Promise.all([...closed, ...down].map((outage) => journal.append({ kind: 'outage', outage })));
}

/** Up to when a life recorded a camera: what was on its way to the disk when it ended is missing as well. */
async function lastRecorded(
  store: DowntimeParts['store'],
  camera: string,
  began: number,
  ended: number,
): Promise<number> {
  const rows = await store.segments.find({ camera, from: ended - LAST_MS });
  const last = Math.max(began, ended - LAST_MS, ...rows.map(({ to }) => to));
  return Math.min(ended, last);
}

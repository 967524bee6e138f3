import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentPath } from '../../../src/archive/naming.ts';
import { finishRemovals, removeSegments } from '../../../src/archive/removal.ts';
import type { KeepRule } from '../../../src/archive/retention.ts';
import { RetentionRunner } from '../../../src/archive/retention-runner.ts';
import type { EventRecord } from '../../../src/contracts/entities.ts';
import type { SegmentRecord } from '../../../src/store/types.ts';
import { type ArchiveNode, archiveNode, iso } from '../../support/archive/archive-node.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 20, 12);
let node: ArchiveNode;
let freeBytes: number;
let rules: Map<string, KeepRule>;
let gone: string[];

beforeEach(async () => {
  freeBytes = 50 * 2 ** 30;
  rules = new Map([['door', { continuousDays: 2, eventDays: 10 }]]);
  gone = [];
  node = await archiveNode({
    keepFree: 2 ** 30,
    space: () => Promise.resolve({ totalBytes: 100 * 2 ** 30, freeBytes }),
    checkMs: 3_600_000,
  });
});
afterEach(() => node.close());

async function segment(
  camera: string,
  ageDays: number,
  more: Partial<SegmentRecord> = {},
): Promise<SegmentRecord> {
  const { store, volumes } = node.parts;
  const from = NOW - ageDays * DAY;
  const name = { camera, stream: 'main' as const, start: from, epoch: 1, replica: 0 };
  const record: SegmentRecord = {
    id: `${camera}/main/${String(from)}-e1-r0`,
    ...{ camera, stream: 'main', epoch: 1, replica: 0, node: 'n', codecs: 'avc1.42c01e' },
    volume: volumes.list()[0]?.id ?? '',
    path: segmentPath(name),
    from,
    to: from + 60_000,
    bytes: 30_000_000,
    closed: true,
    ...more,
  };
  const file = volumes.resolve(record);
  if (file !== undefined) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'media');
  }
  await store.segments.save(record);
  return record;
}

const event = (camera: string, ageDays: number): EventRecord => ({
  id: `${camera}-${String(ageDays)}`,
  camera,
  label: 'person',
  sublabel: null,
  score: 0.9,
  start: iso(NOW - ageDays * DAY + 10_000),
  end: iso(NOW - ageDays * DAY + 20_000),
  zones: [],
  box: [0, 0, 1, 1],
  path: [],
  attributes: {},
  snapshot: null,
  clip: null,
  reviewed: false,
});

const runner = (more: Partial<ConstructorParameters<typeof RetentionRunner>[0]> = {}) =>
  new RetentionRunner({
    ...node.parts,
    rules: () => Promise.resolve(rules),
    orphans: { continuousDays: 5, eventDays: 5 },
    now: () => NOW,
    onEventsRemoved: (events) => {
      gone.push(...events.map(({ id }) => id));
      return Promise.resolve();
    },
    ...more,
  });

const left = async (): Promise<number[]> =>
  (await node.parts.store.segments.find({})).map(({ from }) => Math.round((NOW - from) / DAY));
const isThere = (record: SegmentRecord): boolean => existsSync(node.parts.volumes.resolve(record) ?? '');

describe('retention', () => {
  it('removes what is too old, file and row, keeps what has an event, and cleans up folders', async () => {
    const { store } = node.parts;
    const old = await segment('door', 5);
    const eventful = await segment('door', 6);
    const tooOld = await segment('door', 11);
    const fresh = await segment('door', 1);
    for (const days of [6, 11]) await store.events.save(event('door', days));
    await store.outages.save({
      id: 'o',
      camera: 'door',
      node: 'n',
      from: NOW - 12 * DAY,
      to: NOW - 11 * DAY,
      cause: 'unknown',
    });
    await store.wanted.save({ id: 'w', camera: 'door', from: NOW - 30 * DAY, to: null });
    await runner().run();
    expect((await left()).sort((a, b) => a - b)).toEqual([1, 6]);
    expect([old, eventful, tooOld, fresh].map(isThere)).toEqual([false, true, false, true]);
    expect(gone).toEqual(['door-11']);
    expect(await store.outages.find({})).toEqual([]);
    expect((await store.wanted.find({}))[0]?.from).toBe(old.to);
    const days = await readdir(path.dirname(path.dirname(node.parts.volumes.resolve(fresh) ?? '')));
    expect(days).toHaveLength(2);
  });

  it('never the open segment, and nothing for its age while the rules are not known', async () => {
    await segment('door', 5, { closed: false });
    await segment('door', 6);
    await runner({ rules: () => Promise.reject(new Error('no catalog')) }).run();
    expect(await left()).toEqual([6, 5]);
    await runner().run();
    expect(await left()).toEqual([5]);
  });

  it('recordings of cameras that are gone have rules of their own', async () => {
    await segment('former', 4);
    await segment('former', 6);
    await runner().run();
    expect(await left()).toEqual([4]);
  });

  it('frees the oldest of a short volume until there is enough, and notes that it was there', async () => {
    for (let days = 0; days < 10; days += 1) await segment('door', days / 10, { bytes: 2 ** 29 });
    freeBytes = 2 ** 30 - 1;
    const run = runner();
    const before = await node.parts.store.segments.find({});
    await run.run();
    // One GiB more than must stay free is made free: two segments and one for the missing byte.
    const after = await node.parts.store.segments.find({});
    expect(after.map(({ from }) => from)).toEqual(before.slice(3).map(({ from }) => from));
    const outages = await node.parts.store.outages.find({ camera: 'door' });
    expect(outages).toMatchObject([{ cause: 'deleted', from: before[0]?.from, to: before[2]?.to }]);
    expect(node.parts.volumes.list()[0]?.state).toBe('ok');
    await run.stop();
  });

  it('says that a volume is full when nothing can be freed, and that it is not any more', async () => {
    await segment('door', 0, { closed: false });
    freeBytes = 2 ** 29;
    const run = runner();
    await run.run();
    expect(node.parts.volumes.list()[0]).toMatchObject({ state: 'full' });
    freeBytes = 50 * 2 ** 30;
    await run.run();
    expect(node.parts.volumes.list()[0]).toMatchObject({ state: 'ok', message: null });
  });

  it('begins by itself when a volume gets short', async () => {
    await segment('door', 1);
    const removed = Promise.withResolvers<number>();
    const run = runner({ onSegmentsRemoved: (segments) => removed.resolve(segments.length) });
    run.start();
    freeBytes = 2 ** 29;
    await node.parts.volumes.check();
    expect(await removed.promise).toBe(1);
    await run.stop();
  });

  it('forgets rows on a volume of this node that is lost, once they are too old', async () => {
    const lost = {
      id: 'lost',
      node: 'n',
      path: '/nowhere',
      tier: 'hot',
      totalBytes: 1,
      freeBytes: 1,
    } as const;
    await node.parts.store.volumes.save({ ...lost, usedBytes: 0, state: 'ok', message: null });
    await node.close({ keep: true });
    node = await archiveNode({ folder: node.folder, checkMs: 3_600_000 });
    await segment('door', 1, { volume: 'lost' });
    await segment('door', 5, { volume: 'lost' });
    await segment('door', 6, { volume: 'of another node' });
    await runner().run();
    expect(await left()).toEqual([6, 1]);
  });
});

describe('a removal', () => {
  it.each(['before a file is gone', 'when all files are gone'])(
    'that was cut off %s is finished',
    async (when) => {
      const { store, volumes } = node.parts;
      const segments = [await segment('door', 1), await segment('door', 2)];
      const failing = {
        ...node.parts,
        volumes: {
          resolve: (one: SegmentRecord) => {
            if (when.startsWith('before') && removing) throw new Error('killed');
            return volumes.resolve(one);
          },
        },
        store: {
          ...store,
          settings: {
            ...store.settings,
            set: async (key: string, value: unknown) => {
              await store.settings.set(key, value);
              removing = true;
            },
          },
          segments: { ...store.segments, remove: () => Promise.reject(new Error('killed')) },
        },
      };
      let removing = false;
      await expect(removeSegments(failing, segments)).rejects.toThrow('killed');
      expect(await store.segments.find({})).toHaveLength(2);
      await finishRemovals(node.parts);
      expect(await store.segments.find({})).toEqual([]);
      expect(segments.map(isThere)).toEqual([false, false]);
      await finishRemovals(node.parts);
    },
  );

  it('of segments whose volume is not here does nothing', async () => {
    const away = await segment('door', 1, { volume: 'away' });
    expect(await removeSegments(node.parts, [away])).toEqual([]);
    expect(await node.parts.store.segments.find({})).toHaveLength(1);
  });
});

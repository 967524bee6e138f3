import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fullMessage, roomOf, sizeText } from '../../../src/archive/volume-room.ts';
import { MARKER_FILE } from '../../../src/archive/volume.ts';
import { configuredVolumes, VolumeSet } from '../../../src/archive/volume-set.ts';
import type { VolumeRecord } from '../../../src/store/types.ts';
import { quiet } from '../../support/archive/archive-node.ts';

const GIB = 2 ** 30;
let folder: string;
let sets: VolumeSet[];
let records: Map<string, VolumeRecord>;
let free: Record<string, number>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'volumes-'));
  sets = [];
  records = new Map();
  free = {};
});
afterEach(async () => {
  for (const set of sets) await set.close();
  await rm(folder, { recursive: true, force: true });
});

const root = (name: string): string => path.join(folder, name);
const name = { camera: 'door', stream: 'main', start: 1_000_000, epoch: 1, replica: 0 } as const;

async function open(...volumes: (string | { path: string; tier: 'hot' | 'cold' })[]): Promise<VolumeSet> {
  const set = await VolumeSet.open({
    volumes: volumes.map((volume) => ({
      keepFree: GIB,
      ...(typeof volume === 'string' ? { path: root(volume), tier: 'hot' as const } : volume),
    })),
    nodeId: 'n',
    store: {
      volumes: {
        list: () => Promise.resolve([...records.values()]),
        save: (record) => Promise.resolve(void records.set(record.id, record)),
      },
      segments: { usage: () => Promise.resolve([]) },
    },
    log: quiet,
    checkMs: 3_600_000,
    space: (at) => Promise.resolve({ totalBytes: 100 * GIB, freeBytes: free[path.basename(at)] ?? 50 * GIB }),
  });
  sets.push(set);
  return set;
}

const placed = async (set: VolumeSet): Promise<string> =>
  path.relative(folder, (await set.place(name)).file).split(path.sep)[0] ?? '';

describe('the volumes of a node', () => {
  it('are made, remembered and found again', async () => {
    const one = await open('a', 'b');
    const ids = one.list().map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect([...records.values()].map(({ node, state }) => [node, state])).toEqual([
      ['n', 'ok'],
      ['n', 'ok'],
    ]);
    const two = await open('a', 'b');
    expect(two.list().map(({ id }) => id)).toEqual(ids);
    const segment = { volume: ids[1] ?? '', path: 'door/main/1970-01-01/1.mp4' };
    expect(two.resolve(segment)).toBe(path.join(root('b'), segment.path));
    expect(two.resolve({ ...segment, volume: 'other' })).toBeUndefined();
  });

  it('take segments where there is most room, hot before cold, spread between two measurements', async () => {
    free = { a: 20 * GIB, b: 21 * GIB, c: 90 * GIB };
    const set = await open('a', 'b', { path: root('c'), tier: 'cold' });
    expect(await placed(set)).toBe('b');
    const more = await Promise.all(Array.from({ length: 60 }, (_, at) => set.place({ ...name, start: at })));
    const volumes = new Set(more.map(({ volume }) => volume));
    expect(volumes.size).toBe(2);
    free = { a: 0, b: 0, c: 90 * GIB };
    await set.measure();
    expect(await placed(set)).toBe('c');
  });

  it('do not take an unmounted disk for an empty one, neither at the start nor later', async () => {
    const first = await open('a');
    await rename(root('a'), root('elsewhere'));
    await expect(first.place(name)).rejects.toThrow(/Is the disk mounted/);
    expect(first.list()[0]?.state).toBe('missing');
    expect(records.size).toBe(1);
    const second = await open('a');
    expect(second.list().map(({ state }) => state)).toEqual(['missing']);
    await expect(second.place(name)).rejects.toMatchObject({ kind: 'storage_failed' });
    await rename(root('elsewhere'), root('a'));
    await second.measure();
    expect(await placed(second)).toBe('a');
  });

  it('tell when one changes, and go on with another', async () => {
    const set = await open('a', 'b');
    const seen: [string, string][] = [];
    set.onChange(({ path: at, state }) => void seen.push([path.basename(at), state]));
    await rename(root('a'), root('gone'));
    await set.measure();
    expect(await placed(set)).toBe('b');
    await rename(root('gone'), root('a'));
    await set.measure();
    expect(seen).toEqual([
      ['a', 'missing'],
      ['a', 'ok'],
    ]);
  });

  it('are short before they are full, and full only when nothing more can be removed', async () => {
    free = { a: 0.5 * GIB };
    const set = await open('a');
    let short = 0;
    set.onShort(() => (short += 1));
    await set.check();
    expect(short).toBe(1);
    expect(await placed(set)).toBe('a');
    await set.setExhausted([set.list()[0]?.id ?? '']);
    await expect(set.place(name)).rejects.toMatchObject({ kind: 'storage_full' });
    expect(set.list()[0]).toMatchObject({
      state: 'full',
      message: expect.stringContaining('512 MiB are free') as string,
    });
    free = { a: 1.5 * GIB };
    await set.measure();
    await expect(set.place(name)).rejects.toThrow(/No volume has room/);
    free = { a: 2.5 * GIB };
    await set.measure();
    expect(await placed(set)).toBe('a');
  });

  it('distrust a volume whose writes fail, and look at it again', async () => {
    const set = await open('a', 'b');
    free = { a: 90 * GIB };
    await set.measure();
    expect(await placed(set)).toBe('a');
    const id = set.list().find(({ path: at }) => at === root('a'))?.id ?? '';
    set.report(id, Object.assign(new Error('i/o error'), { code: 'EIO' }));
    expect(set.list().map(({ state }) => state)).toEqual(['failed', 'ok']);
    expect(await placed(set)).toBe('b');
    expect(set.resolve({ volume: id, path: 'x' })).toBeUndefined();
  });

  it('refuse a copy of a volume and a damaged marker, and say which', async () => {
    await open('a');
    await mkdir(root('b'));
    await copyFile(path.join(root('a'), MARKER_FILE), path.join(root('b'), MARKER_FILE));
    await mkdir(root('c'));
    await writeFile(path.join(root('c'), MARKER_FILE), '{"format":1}');
    const set = await open('a', 'b', 'c');
    expect(set.roots().map(({ root: at }) => at)).toEqual([root('a')]);
    await expect(set.place(name)).resolves.toMatchObject({ volume: set.list()[0]?.id });
  });

  it('come from the configuration, by default one in the data folder', () => {
    expect(configuredVolumes({ data: '/d', archive: { volumes: [], keepFree: null } })).toEqual([
      { path: '/d/archive', tier: 'hot', keepFree: null },
    ]);
    const volumes = [{ path: '/x', tier: 'cold' as const, keepFree: null }];
    expect(configuredVolumes({ data: '/d', archive: { volumes, keepFree: 7 } })).toEqual([
      { path: '/x', tier: 'cold', keepFree: 7 },
    ]);
  });
});

describe('room', () => {
  it('keeps 2 GiB free, a tenth on small volumes, or what is said', () => {
    expect(roomOf({ totalBytes: 500 * GIB, freeBytes: 0 }, null).minFreeBytes).toBe(2 * GIB);
    expect(roomOf({ totalBytes: 5 * GIB, freeBytes: 0 }, null).minFreeBytes).toBe(0.5 * GIB);
    expect(roomOf({ totalBytes: 5 * GIB, freeBytes: 0 }, 3 * GIB).minFreeBytes).toBe(3 * GIB);
    const tiny = roomOf({ totalBytes: 2 ** 20, freeBytes: 0 }, 0);
    expect(tiny.floorBytes).toBeLessThan(tiny.minFreeBytes);
    expect(tiny.minFreeBytes).toBeLessThan(tiny.totalBytes / 10);
  });

  it('says sizes as people read them', () => {
    expect([0, 1023, 1536, 150 * 2 ** 20, 3.25 * 2 ** 40].map(sizeText)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '150 MiB',
      '3.3 TiB',
    ]);
  });

  it('is missing at once when hardly any is left', () => {
    const room = roomOf({ totalBytes: 100 * GIB, freeBytes: 2 ** 20 }, null);
    expect(fullMessage(room, { exhausted: false, wasFull: false })).toBe('Only 1.0 MiB are free.');
  });
});

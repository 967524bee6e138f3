import { appendFile, mkdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordNodeDown } from '../../../src/archive/downtime.ts';
import { boxesIn } from '../../../src/archive/box-walker.ts';
import { segmentPath } from '../../../src/archive/naming.ts';
import { adoptUnlisted, recover } from '../../../src/archive/recover.ts';
import { segmentInfoBox } from '../../../src/media/fmp4/segment-info.ts';
import { box, u32 } from '../../../src/media/fmp4/boxes.ts';
import { moov } from '../../../src/media/fmp4/init.ts';
import type { SegmentRecord } from '../../../src/store/types.ts';
import { type ArchiveNode, archiveNode } from '../../support/archive/archive-node.ts';
import { makeSegment, video } from '../../support/segments.ts';

const T = Date.UTC(2026, 2, 20, 12);
const UNTIL = Date.now() + 3_600_000;
let node: ArchiveNode;
beforeEach(async () => {
  node = await archiveNode({ checkMs: 3_600_000 });
});
afterEach(() => node.close());

const nameOf = (camera: string, start: number) => ({
  camera,
  stream: 'main' as const,
  start,
  epoch: 3,
  replica: 0,
});
const fileOf = (camera: string, start: number): string =>
  path.join(node.parts.volumes.roots()[0]?.root ?? '', segmentPath(nameOf(camera, start)));

async function file(camera: string, start: number, content: Buffer): Promise<string> {
  const at = fileOf(camera, start);
  await mkdir(path.dirname(at), { recursive: true });
  await writeFile(at, content);
  return at;
}

const row = (camera: string, start: number, more: Partial<SegmentRecord> = {}): SegmentRecord => ({
  id: `${camera}/main/${String(start)}-e3-r0`,
  ...{ camera, stream: 'main', epoch: 3, replica: 0, node: 'n', codecs: 'avc1.42c01e' },
  volume: node.parts.volumes.list()[0]?.id ?? '',
  path: segmentPath(nameOf(camera, start)),
  from: start,
  to: start + 1_000,
  bytes: 500,
  closed: false,
  ...more,
});

const rows = () => node.parts.store.segments.find({});
const all = { since: 0, until: UNTIL };
const tenSeconds = makeSegment({ seconds: 10 });

describe('putting the archive in order', () => {
  it('cuts what was being written to its last whole fragment and closes its row as the file is', async () => {
    const cut = await file('a', T, tenSeconds.subarray(0, -30));
    const whole = await file('b', T, tenSeconds);
    for (const camera of ['a', 'b']) await node.parts.store.segments.save(row(camera, T));
    // A row that says more than the disk has: the power went before it was written.
    await file('c', T, tenSeconds.subarray(0, -30));
    await node.parts.store.segments.save(row('c', T, { to: T + 60_000, bytes: 9_999_999 }));
    // One whose row names a place in the middle of a fragment.
    await file('d', T, tenSeconds.subarray(0, -30));
    await node.parts.store.segments.save(row('d', T, { to: T + 6_000, bytes: 2_000 }));
    const done = await recover(node.parts, all);
    expect(done).toMatchObject({ closed: 4, cut: 3, adopted: 0, removed: 0 });
    const found = await rows();
    expect(found.map(({ to, closed }) => [to - T, closed])).toEqual([
      [9_500, true],
      [10_000, true],
      [9_500, true],
      [9_500, true],
    ]);
    expect((await stat(cut)).size).toBe(found[0]?.bytes);
    expect((await stat(whole)).size).toBe(tenSeconds.length);
    expect(await recover(node.parts, all)).toMatchObject({ closed: 0, cut: 0, adopted: 0 });
  });

  it('removes what has no whole fragment, and rows without a file', async () => {
    await file('a', T, tenSeconds.subarray(0, 700));
    await node.parts.store.segments.save(row('a', T));
    await node.parts.store.segments.save(row('b', T));
    expect(await recover(node.parts, all)).toMatchObject({ closed: 0, removed: 2 });
    expect(await rows()).toEqual([]);
    await expect(stat(fileOf('a', T))).rejects.toThrow('ENOENT');
  });

  it('takes in files that the index does not know, by what they say about themselves', async () => {
    const info = {
      camera: 'a',
      stream: 'main',
      epoch: 3,
      replica: 0,
      node: 'other',
      session: 1,
      generation: 1,
    };
    const uuid = segmentInfoBox({ ...info, start: T, codecs: 'avc1.42c01e' });
    const head = Buffer.concat([box('ftyp', Buffer.from('iso6'), u32(0)), moov([video])]);
    const plain = box('uuid', Buffer.alloc(16, 7), Buffer.from('{}'));
    await file('a', T, Buffer.concat([head, uuid, tenSeconds.subarray(head.length + plain.length)]));
    await file('b', T + 500, tenSeconds);
    expect(await recover(node.parts, all)).toMatchObject({ adopted: 2 });
    expect(await rows()).toMatchObject([
      {
        id: `a/main/${String(T)}-e3-r0`,
        node: 'other',
        codecs: 'avc1.42c01e',
        from: T,
        to: T + 10_000,
        closed: true,
      },
      { id: `b/main/${String(T + 500)}-e3-r0`, node: 'n', to: T + 10_500, bytes: tenSeconds.length },
    ]);
  });

  it('leaves alone what is foreign, too old to be unknown, or written right now', async () => {
    await file('a', T, tenSeconds);
    await appendFile(path.join(path.dirname(fileOf('a', T)), 'notes.txt'), 'mine');
    expect(await recover(node.parts, { since: T + 1, until: UNTIL })).toMatchObject({ adopted: 0 });
    expect(await recover(node.parts, { since: 0, until: Date.now() - 60_000 })).toMatchObject({ adopted: 0 });
    expect(await rows()).toEqual([]);
    expect((await stat(path.join(path.dirname(fileOf('a', T)), 'notes.txt'))).size).toBe(4);
  });

  it('finds all files again when the index was lost', async () => {
    for (let day = 0; day < 3; day += 1) {
      for (let minute = 0; minute < 3; minute += 1)
        await file('a', T + day * 86_400_000 + minute * 60_000, tenSeconds);
    }
    await node.parts.store.segments.save(
      row('a', T, { closed: true, to: T + 10_000, bytes: tenSeconds.length }),
    );
    const signal = new AbortController().signal;
    expect(await adoptUnlisted(node.parts, { until: UNTIL, signal })).toMatchObject({ adopted: 8 });
    expect(await adoptUnlisted(node.parts, { until: UNTIL, signal })).toMatchObject({ adopted: 0 });
    expect(await rows()).toHaveLength(9);
  });

  it('one damaged file does not stop the others, nor does a volume that is away', async () => {
    await file('a', T, Buffer.from('no film'));
    await file('b', T, tenSeconds);
    await mkdir(fileOf('c', T), { recursive: true });
    for (const camera of ['a', 'b', 'c']) await node.parts.store.segments.save(row(camera, T));
    await node.parts.store.segments.save(row('d', T, { volume: 'away' }));
    await recover(node.parts, all);
    const found = await rows();
    expect(found.map(({ camera, closed }) => [camera, closed])).toEqual([
      ['b', true],
      ['c', false],
      ['d', false],
    ]);
  });

  it('takes a second for hundreds of files', async () => {
    const minute = makeSegment({ seconds: 60, fps: 25, gop: 50, perFragment: 12 });
    const ends = [...boxesIn(minute)].flatMap(({ type, offset, size }) =>
      type === 'mdat' ? [offset + size] : [],
    );
    for (let camera = 0; camera < 300; camera += 1) {
      const name = `cam${String(camera)}`;
      await file(name, T, minute);
      await truncate(fileOf(name, T), minute.length - 10);
      await utimes(fileOf(name, T), T / 1000, T / 1000);
      await node.parts.store.segments.save(row(name, T, { to: T + 50_000, bytes: ends.at(-20) ?? 0 }));
    }
    const began = performance.now();
    expect(await recover(node.parts, all)).toMatchObject({ closed: 300, cut: 300 });
    expect(performance.now() - began).toBeLessThan(15_000);
    const found = await rows();
    expect(new Set(found.map(({ to, bytes }) => `${String(to - T)} ${String(bytes)}`))).toEqual(
      new Set([`59920 ${String(ends.at(-2))}`]),
    );
  }, 60_000);
});

describe('the time without the node', () => {
  const previous = {
    id: 'n',
    host: 'h',
    incarnation: '1',
    startedAt: T,
    seenAt: T + 50_000,
    stoppedAt: null,
  };
  const parts = () => ({ ...node.parts, startedAt: T + 90_000 });
  const outages = async () => {
    await node.parts.journal.drained();
    return (await node.parts.store.outages.find({})).map(({ camera, cause, from, to }) => [
      camera,
      cause,
      from - T,
      to === null ? null : to - T,
    ]);
  };

  it('is explained for the cameras that were to be recorded, from the end of what there is', async () => {
    const { store } = node.parts;
    await store.wanted.save({ id: '1', camera: 'a', from: T, to: null });
    await store.wanted.save({ id: '2', camera: 'b', from: T, to: null });
    await store.wanted.save({ id: '3', camera: 'c', from: T, to: T + 1_000 });
    await store.segments.save(row('a', T + 10_000, { to: T + 49_700 }));
    await recordNodeDown(parts(), previous);
    expect(await outages()).toEqual([
      ['b', 'node_down', 0, 90_000],
      ['a', 'node_down', 49_700, 90_000],
    ]);
  });

  it('ends the outages that lasted when it went', async () => {
    const { store } = node.parts;
    await store.wanted.save({ id: '1', camera: 'a', from: T, to: null });
    await store.outages.save({
      id: 'o',
      camera: 'a',
      node: 'n',
      from: T + 5_000,
      to: null,
      cause: 'camera_stalled',
    });
    await recordNodeDown(parts(), { ...previous, stoppedAt: T + 60_000 });
    expect(await outages()).toEqual([
      ['a', 'camera_stalled', 5_000, 60_000],
      ['a', 'node_down', 60_000, 90_000],
    ]);
  });

  it('is nothing at the first start', async () => {
    await node.parts.store.wanted.save({ id: '1', camera: 'a', from: T, to: null });
    await recordNodeDown(parts(), undefined);
    expect(await outages()).toEqual([]);
  });
});

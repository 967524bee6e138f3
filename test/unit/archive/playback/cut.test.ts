import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cut, cutSegment, keyTimes, segmentSpan } from '../../../../src/archive/playback/cut.ts';
import { selectSegments } from '../../../../src/archive/playback/select.ts';
import { type SegmentIndex, SegmentIndexes } from '../../../../src/archive/segment-index.ts';
import { makeSegment, type SegmentSpec } from '../../../support/segments.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cut-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function indexOf(spec: SegmentSpec): Promise<SegmentIndex> {
  const path = join(folder, `${String(Math.random())}.mp4`);
  await writeFile(path, makeSegment(spec));
  return new SegmentIndexes().read(path);
}

const START = 1_000_000;
const range = (from: number, to: number) => ({ from: START + from, to: START + to });

function count(cut: Cut | undefined, kind: string): number {
  return (cut?.fragments ?? []).flat().reduce((sum, run) => sum + (run.kind === kind ? run.count : 0), 0);
}

describe('a cut', () => {
  test('goes from the key frame at or before to the frame at or after', async () => {
    const index = await indexOf({ seconds: 10 });
    const cut = cutSegment(index, START, range(2_950, 4_530));
    expect(cut).toMatchObject({ from: START + 2_000, to: START + 4_700, zero: 2 });
    expect(count(cut, 'video')).toBe(27);
    expect(cutSegment(index, START, range(4_000, 4_100))).toMatchObject({
      from: START + 4_000,
      to: START + 4_200,
    });
  });

  test('outside of the file it takes what there is', async () => {
    const index = await indexOf({ seconds: 10 });
    expect(cutSegment(index, START, range(-500, 99_000))).toMatchObject({ from: START, to: START + 10_000 });
    expect(segmentSpan(index, START)).toEqual({ from: START, to: START + 10_000 });
  });

  test('an empty file gives nothing', async () => {
    const index = await indexOf({ seconds: 0 });
    expect(cutSegment(index, START, range(0, 1_000))).toBeUndefined();
    expect(segmentSpan(index, START)).toBeUndefined();
  });

  test('ends before the key frame with which another copy goes on', async () => {
    const index = await indexOf({ seconds: 10 });
    const cut = cutSegment(index, START, { ...range(0, 9_000), before: START + 4_000 });
    expect(cut).toMatchObject({ from: START, to: START + 4_000 });
    expect(cutSegment(index, START, { ...range(5_000, 9_000), before: START + 4_000 })).toBeUndefined();
    expect(keyTimes(index, START)).toEqual([0, 2_000, 4_000, 6_000, 8_000].map((at) => START + at));
  });

  test('reordered pictures that are shown before the end are in it', async () => {
    const index = await indexOf({ seconds: 4, reordered: true });
    // Shown at: I 0, P 2, B 1, P 4, B 3, … frames after the first.
    const cut = cutSegment(index, START, range(0, 250));
    expect(count(cut, 'video')).toBe(5);
    expect(cut?.to).toBe(START + 500);
    expect(count(cutSegment(index, START, range(0, 200)), 'video')).toBe(3);
  });

  test('sound comes along for as long as the pictures last', async () => {
    const index = await indexOf({ seconds: 10, withAudio: true });
    const cut = cutSegment(index, START, range(2_000, 3_950));
    const seconds = ((count(cut, 'audio') * 1024) / 16_000).toFixed(1);
    expect(count(cut, 'video')).toBe(21);
    expect(seconds).toBe('2.1');
  });
});

describe('the choice of segments', () => {
  const segment = (from: number, to: number, replica = 0) => ({ from, to, replica });

  test('takes each moment once', () => {
    const all = [segment(0, 60), segment(60, 120), segment(0, 60, 1), segment(60, 120, 1)].map((one) => ({
      ...one,
      from: one.from * 1000,
      to: one.to * 1000,
    }));
    const selected = selectSegments(all, { from: 30_000, to: 90_000 });
    expect(selected.map(({ segment: { replica, from } }) => [replica, from])).toEqual([
      [0, 0],
      [0, 60_000],
    ]);
  });

  test('goes on with another copy where one ends', () => {
    const all = [segment(0, 30_000), segment(10_000, 60_000, 1)];
    expect(selectSegments(all, { from: 0, to: 60_000 })).toEqual([
      { segment: all[0] },
      { segment: all[1], overlapEnd: 30_000 },
    ]);
  });

  test('leaves out what lies outside', () => {
    expect(selectSegments([segment(0, 10), segment(20, 30)], { from: 10, to: 20 })).toEqual([]);
  });
});

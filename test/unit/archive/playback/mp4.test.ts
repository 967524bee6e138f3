import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cut, cutSegment } from '../../../../src/archive/playback/cut.ts';
import { flatMp4 } from '../../../../src/archive/playback/flat.ts';
import { fragmentedMp4 } from '../../../../src/archive/playback/fragmented.ts';
import { lengthOf, readParts, slice } from '../../../../src/archive/playback/layout.ts';
import { SegmentIndexes } from '../../../../src/archive/segment-index.ts';
import { u32 } from '../../../../src/media/fmp4/boxes.ts';
import { readFlat } from '../../../support/mp4-reader.ts';
import { makeSegment, type SegmentSpec, video } from '../../../support/segments.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mp4-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function cutOf(spec: SegmentSpec, from = -Infinity, to = Infinity): Promise<Cut> {
  const path = join(folder, `${spec.name ?? 'a'}.mp4`);
  await writeFile(path, makeSegment(spec));
  const cut = cutSegment(await new SegmentIndexes().read(path), 0, { from, to });
  if (cut === undefined) throw new Error('nothing to cut');
  return cut;
}

const read = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const names = (samples: readonly { data: string }[]): string[] =>
  samples.map(({ data }) => data.slice(0, data.indexOf(';')));

const rising = (times: readonly number[]): boolean =>
  times.every((time, at) => at === 0 || time > (times[at - 1] ?? Infinity));

const other = { ...video, width: 1280, height: 720, sps: [Buffer.from('6742c01fd900a047fe99', 'hex')] };

describe('one plain MP4', () => {
  test('over two files has all samples on one timeline', async () => {
    const cuts = [
      await cutOf({ seconds: 4, withAudio: true }, 2_000),
      await cutOf({ seconds: 3, withAudio: true, name: 'b' }),
    ];
    const parts = flatMp4(cuts);
    const file = await read(readParts(parts));
    expect(file.length).toBe(lengthOf(parts));
    const [first, second] = readFlat(file);
    expect(first).toMatchObject({ kind: 'vide', descriptions: 1 });
    expect(second).toMatchObject({ kind: 'soun', descriptions: 1 });
    const pictures = first?.samples ?? [];
    expect(names(pictures).slice(0, 2)).toEqual(['v-a-20', 'v-a-21']);
    expect(names(pictures).slice(19, 22)).toEqual(['v-a-39', 'v-b-0', 'v-b-1']);
    expect(pictures.map(({ time }) => Math.round(time * 10))).toEqual(
      Array.from({ length: 50 }, (_, at) => at),
    );
    expect(pictures.flatMap(({ key }, at) => (key ? [at] : []))).toEqual([0, 20, 40]);
    const sounds = second?.samples ?? [];
    expect(rising(sounds.map(({ time }) => time))).toBe(true);
    const joint = sounds.find(({ data }) => data.startsWith('a-b-0;'));
    expect(joint?.time).toBeCloseTo(2, 1);
  });

  test('shows reordered pictures in order', async () => {
    const file = await read(readParts(flatMp4([await cutOf({ seconds: 4, reordered: true })])));
    const [track] = readFlat(file);
    const shown = (track?.samples ?? []).map((sample) => Math.round(sample.shown * 10));
    expect(shown.slice(0, 5)).toEqual([1, 3, 2, 5, 4]);
    expect(new Set(shown).size).toBe(shown.length);
  });

  test('has a second description after a change of parameters', async () => {
    const cuts = [
      await cutOf({ seconds: 2 }),
      await cutOf({ seconds: 2, name: 'b', track: other }),
      await cutOf({ seconds: 2, name: 'c' }),
    ];
    const [track] = readFlat(await read(readParts(flatMp4(cuts))));
    expect(track?.descriptions).toBe(2);
    expect(track?.samples.map(({ description }) => description)).toEqual([
      ...Array<number>(20).fill(1),
      ...Array<number>(20).fill(2),
      ...Array<number>(20).fill(1),
    ]);
  });

  test('files with another timescale keep their speed', async () => {
    const cuts = [
      await cutOf({ seconds: 2 }),
      await cutOf({ seconds: 2, name: 'b', track: { ...video, timebase: 12_800 } }),
    ];
    const [track] = readFlat(await read(readParts(flatMp4(cuts))));
    expect(track?.samples.map(({ time }) => time.toFixed(1))).toEqual(
      Array.from({ length: 40 }, (_, at) => (at / 10).toFixed(1)),
    );
  });

  test('sound that comes only later begins later', async () => {
    const cuts = [await cutOf({ seconds: 2 }), await cutOf({ seconds: 2, name: 'b', withAudio: true })];
    const [, sound] = readFlat(await read(readParts(flatMp4(cuts))));
    expect(sound?.samples[0]?.time).toBeCloseTo(2, 3);
  });

  test('any range of its bytes is the same bytes', async () => {
    const parts = flatMp4([await cutOf({ seconds: 3, withAudio: true }, 1_000, 2_500)]);
    const whole = await read(readParts(parts));
    for (const [start, end] of [
      [0, 0],
      [5, 700],
      [whole.length - 300, whole.length - 1],
      [0, whole.length - 1],
    ] as const) {
      const part = await read(readParts(slice(parts, { start, end })));
      expect(part.equals(whole.subarray(start, end + 1))).toBe(true);
    }
  });
});

describe('one fragmented MP4', () => {
  test('reads like a segment, with times that go on', async () => {
    const cuts = [
      await cutOf({ seconds: 4, withAudio: true }, 2_000),
      await cutOf({ seconds: 2, withAudio: true, name: 'b', track: other }),
    ];
    const tracks = cuts.map((cut) => cut.index.tracks);
    const file = await read(readParts(fragmentedMp4({ tracks, cuts, createdAt: 0 })));
    const path = join(folder, 'out.mp4');
    await writeFile(path, file);
    const index = await new SegmentIndexes().read(path);
    expect(index.bytes).toBe(file.length);
    const pictures = index.fragments.flatMap(({ runs }) => runs.filter(({ kind }) => kind === 'video'));
    expect(pictures.map(({ decodeTime }) => decodeTime / 9000)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
    const at = pictures[4]?.position ?? 0;
    // Parameter sets that differ from those in the beginning of the file come with the first picture.
    const sets = Buffer.concat([...other.sps, ...other.pps].flatMap((nal) => [u32(nal.length), nal]));
    expect(file.subarray(at, at + sets.length).equals(sets)).toBe(true);
    expect(file.toString('latin1', at + sets.length, at + sets.length + 6)).toBe('v-b-0;');
  });

  test('closes its file when the reader goes away', async () => {
    const cut = await cutOf({ seconds: 4 });
    const stream = readParts(fragmentedMp4({ tracks: [cut.index.tracks], cuts: [cut], createdAt: 0 }));
    for await (const chunk of stream) {
      expect(chunk).toBeInstanceOf(Buffer);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });

  test('a file that was cut meanwhile is an error, not silence', async () => {
    const cut = await cutOf({ seconds: 4 });
    const parts = flatMp4([cut]);
    await writeFile(cut.index.path, 'short');
    await expect(read(readParts(parts))).rejects.toThrow('shorter');
  });
});

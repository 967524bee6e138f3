import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SegmentFormatError } from '../../../src/archive/init-reader.ts';
import { type SegmentIndex, SegmentIndexes } from '../../../src/archive/segment-index.ts';
import { makeSegment, sampleData } from '../../support/segments.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'index-'));
  path = join(folder, 'segment.mp4');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const frames = (index: SegmentIndex): number =>
  index.fragments
    .flatMap(({ runs }) => runs)
    .reduce((sum, run) => sum + (run.kind === 'video' ? run.count : 0), 0);

describe('the index of a segment', () => {
  test('knows tracks, fragments and where each sample is', async () => {
    const content = makeSegment({ seconds: 4, withAudio: true });
    await writeFile(path, content);
    const index = await new SegmentIndexes().read(path);
    expect(index.tracks).toMatchObject([
      { kind: 'video', trackId: 1, timescale: 90_000, width: 640 << 16, height: 360 << 16 },
      { kind: 'audio', trackId: 2, timescale: 16_000 },
    ]);
    expect(index.tracks[0]?.entry.toString('latin1', 4, 8)).toBe('avc1');
    expect(index.bytes).toBe(content.length);
    expect(index.fragments.map(({ key }) => key)).toEqual([
      true,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    const run = index.fragments[4]?.runs[0];
    expect(run).toMatchObject({ kind: 'video', decodeTime: 20 * 9000, count: 5 });
    const expected = sampleData('v', 'a', 20);
    const position = run?.position ?? 0;
    expect(content.subarray(position, position + expected.length).equals(expected)).toBe(true);
  });

  test('grows with the file, and passes over what is cut off', async () => {
    const content = makeSegment({ seconds: 4 });
    const indexes = new SegmentIndexes();
    let seen = 0;
    await writeFile(path, content.subarray(0, 900));
    for (let at = 900; at < content.length; at += 333) {
      await appendFile(path, content.subarray(at, at + 333));
      const count = frames(await indexes.read(path));
      expect(count).toBeGreaterThanOrEqual(seen);
      expect(count % 5).toBe(0);
      seen = count;
    }
    expect(seen).toBe(40);
  });

  test('starts again when the file has shrunk', async () => {
    const content = makeSegment({ seconds: 4 });
    const indexes = new SegmentIndexes();
    await writeFile(path, content);
    await indexes.read(path);
    await truncate(path, content.length - 1);
    expect(frames(await indexes.read(path))).toBe(35);
  });

  test('readers at once see the same', async () => {
    await writeFile(path, makeSegment({ seconds: 6 }));
    const indexes = new SegmentIndexes();
    const all = await Promise.all(Array.from({ length: 8 }, () => indexes.read(path)));
    expect(all.map(frames)).toEqual(Array(8).fill(60));
  });

  test('remembers no more files than it may', async () => {
    const indexes = new SegmentIndexes(2);
    for (const name of ['1', '2', '3', '1']) {
      const file = join(folder, name);
      await writeFile(file, makeSegment({ seconds: 1 }));
      expect(frames(await indexes.read(file))).toBe(10);
    }
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is not a film at all, it is text')],
    ['half an init segment', makeSegment({ seconds: 0 }).subarray(0, 100)],
  ])('refuses %s', async (_name, content) => {
    await writeFile(path, content);
    await expect(new SegmentIndexes().read(path)).rejects.toThrow(SegmentFormatError);
  });

  test('survives any damaged byte', async () => {
    const content = makeSegment({ seconds: 1, withAudio: true });
    for (let at = 0; at < content.length; at += 3) {
      const damaged = Buffer.from(content);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      await writeFile(path, damaged);
      const index = await new SegmentIndexes().read(path).catch((error: unknown) => error);
      if (index instanceof Error) expect(index).toBeInstanceOf(SegmentFormatError);
      else expect(index).toHaveProperty('fragments');
    }
  });

  test('a file that is not there is an error of the system', async () => {
    await expect(new SegmentIndexes().read(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { boxes } from '../../../../src/media/fmp4/boxes.ts';
import { Fragmenter } from '../../../../src/media/fmp4/fragmenter.ts';
import { parsePrft } from '../../../../src/media/fmp4/prft.ts';
import { readSegmentInfo } from '../../../../src/media/fmp4/segment-info.ts';
import { SegmentWriter, type SegmentWriterOptions } from '../../../../src/media/segment/segment-writer.ts';
import { SyncGroup } from '../../../../src/media/segment/sync-group.ts';
import { type SegmentRow, StorageProblem } from '../../../../src/media/segment/types.ts';
import type { SourcePacket, StreamHeader } from '../../../../src/media/types.ts';
import { makeClip } from '../../../support/media/clip.ts';
import { hasFfmpeg, probe, probePackets } from '../../../support/media/ffmpeg.ts';
import { stamped, videoFrame, videoHeader } from '../../../support/media/video-frames.ts';

const root = mkdtempSync(path.join(tmpdir(), 'segments-'));
const identity = { camera: 'door', stream: 'main', epoch: 3, replica: 0, node: 'here' };
let folders = 0;

afterAll(() => {
  rmSync(root, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function setUp(more: Partial<SegmentWriterOptions> = {}) {
  folders += 1;
  const folder = path.join(root, String(folders));
  mkdirSync(folder);
  const rows: SegmentRow[] = [];
  const problems: (string | undefined)[] = [];
  const writer = new SegmentWriter({
    identity,
    sync: new SyncGroup({ periodMs: 5 }),
    place: (start) =>
      Promise.resolve({
        volume: 'v',
        path: `${String(start)}.mp4`,
        file: path.join(folder, `${String(start)}.mp4`),
      }),
    onRow: (row) => void rows.push(row),
    onProblem: (problem) => void problems.push(problem?.kind),
    maxMs: 4_000,
    retryMs: 0,
    ...more,
  });
  const writes: Promise<void>[] = [];
  let tail = Promise.resolve();
  const fragmenter = new Fragmenter({
    init: (init) => {
      tail = tail.then(() => {
        writer.init(init);
      });
    },
    fragment: (fragment) => {
      tail = tail.then(() => writer.write([fragment]));
      writes.push(tail);
    },
  });
  let header: StreamHeader;
  /** With a new header, or going on under the one before. */
  const feed = async (begins: StreamHeader | undefined, packets: readonly SourcePacket[]): Promise<void> => {
    if (begins !== undefined) fragmenter.header((header = begins));
    packets.forEach((packet, index) => {
      fragmenter.packet(stamped(packet, index, header.generation, header.session));
    });
    fragmenter.flush();
    await tail;
  };
  return { folder, rows, problems, writer, feed, files: () => readdirSync(folder).sort() };
}

const frames = (
  from: number,
  to: number,
  more: (n: number) => Partial<SourcePacket> = () => ({}),
): SourcePacket[] =>
  Array.from({ length: to - from }, (_, index) => videoFrame(from + index, more(from + index)));

describe('SegmentWriter', () => {
  it('cuts at the key frame after the length, each file from zero and described by itself', async () => {
    const { rows, writer, feed, files, folder } = setUp();
    await feed(videoHeader(), frames(0, 250));
    await writer.close();
    expect(files()).toEqual(['10000.mp4', '14000.mp4', '18000.mp4']);
    expect(rows.map(({ from, to, closed, start }) => [start, from, to, closed])).toEqual([
      [10_000, 10_000, 10_480, false],
      [10_000, 10_000, 14_000, true],
      [14_000, 14_000, 14_480, false],
      [14_000, 14_000, 18_000, true],
      [18_000, 18_000, 18_480, false],
      [18_000, 18_000, 20_000, true],
    ]);
    const file = readFileSync(path.join(folder, '14000.mp4'));
    expect(rows[3]?.bytes).toBe(file.length);
    expect(readSegmentInfo(file)).toEqual({
      ...identity,
      session: 1,
      generation: 1,
      start: 14_000,
      codecs: 'avc1.42c01e',
    });
    const times = [...boxes(file)]
      .filter(({ type }) => type === 'prft')
      .map(({ start, end }) => parsePrft(file.subarray(start, end)));
    expect(times[0]).toMatchObject({ trackId: 1, mediaTime: 0 });
    expect(times[1]?.mediaTime).toBe(12 * 3600);
    expect(times[1]?.time).toBeCloseTo(14_480, 3);
  });

  it('begins a new file for a new generation and after a long break, not after a short one', async () => {
    const { writer, feed, files } = setUp({ maxMs: 60_000 });
    await feed(videoHeader(1), frames(0, 60));
    await feed(videoHeader(2), frames(100, 160));
    await feed(videoHeader(2), [
      ...frames(160, 200, (n) => ({ discontinuity: n === 160 })),
      ...frames(300, 350, (n) => ({ discontinuity: n === 300 })),
    ]);
    await writer.close();
    // The third call made another init segment, which begins a file as well; so does the break at frame 300.
    expect(files()).toEqual(['10000.mp4', '14000.mp4', '22000.mp4'].sort());
  });

  it('never overwrites a file', async () => {
    const one = setUp();
    await one.feed(videoHeader(), frames(0, 20));
    await one.writer.close();
    const before = statSync(path.join(one.folder, '10000.mp4')).size;
    const two = setUp({
      place: (start) =>
        Promise.resolve({
          volume: 'v',
          path: `${String(start)}.mp4`,
          file: path.join(one.folder, `${String(start)}.mp4`),
        }),
    });
    await two.feed(videoHeader(), frames(0, 40));
    await two.writer.close();
    expect(one.files()).toEqual(['10000.mp4', '10001.mp4']);
    expect(statSync(path.join(one.folder, '10000.mp4')).size).toBe(before);
    expect(two.rows[0]?.start).toBe(10_001);
  });

  it('says why nothing can be written, loses until the next key frame, and goes on', async () => {
    let full = true;
    const { folder, rows, problems, writer, feed, files } = setUp({
      place: (start) => {
        if (full) throw new StorageProblem('storage_full', 'full');
        return Promise.resolve({ volume: 'v', path: 'x', file: path.join(folder, `${String(start)}.mp4`) });
      },
    });
    await feed(videoHeader(), frames(0, 40));
    expect(writer.stats.lost).toBe(4);
    full = false;
    await feed(videoHeader(2), frames(40, 70));
    await writer.close();
    expect(problems).toEqual(['storage_full', undefined]);
    expect(files()).toEqual(['12000.mp4']);
    expect(rows.at(-1)).toMatchObject({ from: 12_000, to: 12_800, closed: true });
  });

  it('cuts back to the last whole fragment when a write fails', async () => {
    const { folder, rows, problems, writer, feed } = setUp();
    await feed(videoHeader(), frames(0, 25));
    const size = statSync(path.join(folder, '10000.mp4')).size;
    const handle = await open(path.join(folder, '10000.mp4'), 'r');
    const prototype = Object.getPrototypeOf(handle) as typeof handle;
    await handle.close();
    vi.spyOn(prototype, 'writev').mockImplementationOnce(() =>
      Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    );
    await feed(undefined, frames(25, 30));
    expect(problems).toEqual(['storage_full']);
    expect(statSync(path.join(folder, '10000.mp4')).size).toBe(size);
    expect(rows.at(-1)).toMatchObject({ bytes: size, closed: true, to: 11_000 });
    await feed(undefined, frames(30, 70));
    await writer.close();
    expect(problems).toEqual(['storage_full', undefined]);
    expect(rows.at(-1)).toMatchObject({ from: 12_000, closed: true });
  });

  it('reports rows of a growing segment by what is durable', async () => {
    const { rows, writer, feed } = setUp({ rowMs: 0, maxMs: 60_000 });
    await feed(videoHeader(), frames(0, 100));
    await writer.close();
    expect(rows.length).toBeGreaterThan(5);
    const ends = rows.map(({ to }) => to);
    expect(ends.slice(1)).toEqual(ends.slice(1).sort((a, b) => a - b));
    expect(rows.at(-1)).toMatchObject({ to: 14_000, closed: true });
  });
});

describe.skipIf(!hasFfmpeg)('segments that ffprobe reads (needs the ffmpeg command)', () => {
  it.each([
    ['h264' as const, 0],
    ['h264' as const, 2],
  ])('%s with %i B-frames and AAC, no picture missing over the files', async (codec, bFrames) => {
    const clip = makeClip({ codec, bFrames, frames: 100, gop: 25, audio: true, startTime: 1_000_000 });
    const { writer, feed, files, folder } = setUp({ maxMs: 1_000 });
    await feed({ session: 1, generation: 1, tracks: clip.tracks }, clip.packets);
    await writer.close();
    expect(files()).toHaveLength(4);
    let pictures = 0;
    let sounds = 0;
    for (const name of files()) {
      const file = path.join(folder, name);
      probe(file);
      const packets = probePackets(file);
      const video = packets.filter(({ stream }) => stream === 0);
      expect(video[0]?.key).toBe(true);
      expect(video[0]?.dts).toBeLessThan(0.1);
      pictures += video.length;
      sounds += packets.length - video.length;
      const info = readSegmentInfo(readFileSync(file));
      const shown = Math.min(...video.map(({ pts }) => pts)) * 1000 + (info?.start ?? 0);
      expect(Math.floor(shown + 0.5)).toBe(Number(name.replace('.mp4', '')));
    }
    expect(pictures).toBe(100);
    expect(sounds).toBe(clip.packets.filter(({ kind }) => kind === 'audio').length);
  });
});

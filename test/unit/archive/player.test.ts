import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchivePlayer } from '../../../src/archive/player.ts';
import { SegmentIndexes } from '../../../src/archive/segment-index.ts';
import { recordOf } from '../../../src/archive/segment-record.ts';
import { errorCode } from '../../../src/contracts/errors.ts';
import { Fragmenter } from '../../../src/media/fmp4/fragmenter.ts';
import { SegmentWriter } from '../../../src/media/segment/segment-writer.ts';
import type { Fragment, SourcePacket } from '../../../src/media/types.ts';
import { type ArchiveNode, archiveNode, iso, readAll } from '../../support/archive/archive-node.ts';
import { type Clip, makeClip } from '../../support/media/clip.ts';
import { ffmpeg, hasEncoder, hasFfmpeg, probe, probePackets } from '../../support/media/ffmpeg.ts';
import { stamped } from '../../support/media/video-frames.ts';

const T = Date.UTC(2026, 2, 1, 10);
const errorOf = (promise: Promise<unknown>) => promise.then(() => undefined, errorCode);

/** Records a clip as if its first frame had been taken at `at`; the last segment stays open when asked. */
async function record(
  node: ArchiveNode,
  camera: string,
  clip: Clip,
  at: number,
  { leaveOpen = false, epoch = 1 } = {},
) {
  const { volumes, store } = node.parts;
  const writes: Promise<void>[] = [];
  const writer = new SegmentWriter({
    identity: { camera, stream: 'main', epoch, replica: 0, node: 'n' },
    sync: volumes.sync,
    maxMs: 4_000,
    place: (start) => volumes.place({ camera, stream: 'main', start, epoch, replica: 0 }),
    onRow: (row) => void writes.push(store.segments.save(recordOf(row))),
    onProblem: (problem) => {
      throw problem ?? new Error('no problem');
    },
  });
  const fragments: Fragment[] = [];
  const fragmenter = new Fragmenter({
    init: (init) => {
      writer.init(init);
    },
    fragment: (fragment) => void fragments.push(fragment),
  });
  fragmenter.header({ session: 1, generation: 1, tracks: clip.tracks });
  clip.packets.forEach((packet: SourcePacket, seq) => {
    fragmenter.packet(stamped({ ...packet, time: packet.time + at }, seq));
  });
  fragmenter.flush();
  for (const fragment of fragments) await writer.write([fragment]);
  if (!leaveOpen) await writer.close();
  await Promise.all(writes);
}

describe.skipIf(!hasFfmpeg)('the player (needs the ffmpeg command)', () => {
  let node: ArchiveNode;
  let player: ArchivePlayer;
  let now = T + 3_600_000;

  beforeAll(async () => {
    node = await archiveNode();
    const { store, volumes } = node.parts;
    player = new ArchivePlayer({ store, volumes, clock: { now: () => now } });
    const clip = makeClip({ frames: 300, fps: 25, gop: 25, audio: true });
    // 12 s, a gap of 8 s, 12 s with other parameters, of which the last segment is being written.
    await record(node, 'door', clip, T);
    const other = makeClip({ frames: 300, fps: 25, gop: 25, audio: true, size: [640, 360] });
    await record(node, 'door', other, T + 20_000, { leaveOpen: true });
    const reordered = makeClip({ frames: 300, fps: 25, gop: 50, bFrames: 2 });
    await record(node, 'yard', reordered, T);
  });
  afterAll(() => node.close());

  const play = async (camera: string, from: number, to: number) => {
    const body = await player.playbackMp4(camera, iso(T + from), iso(T + to));
    const data = await readAll(body.stream);
    const file = path.join(node.folder, 'out.mp4');
    writeFileSync(file, data);
    const video = probePackets(file).filter(({ stream }) => stream === 0);
    return { body, data, file, video };
  };

  it('plays from the key frame before to the frame behind, over several files', async () => {
    const { body, data, file, video } = await play('door', 3_500, 9_500);
    expect(body).toMatchObject({ contentType: 'video/mp4', bytes: data.length });
    const { streams, format } = probe(file);
    expect(streams.map(({ codec_name: codec }) => codec)).toEqual(['h264', 'aac']);
    // Frames at 3.0 s to 9.52 s: the first one at or after the end is in it.
    expect(video).toHaveLength(164);
    expect(Number(format.duration)).toBeCloseTo(6.56, 1);
    expect(video[0]?.key).toBe(true);
  });

  it('takes the frame behind from the next file when the range ends in the seam', async () => {
    expect((await play('door', 2_000, 3_990)).video).toHaveLength(51);
    expect((await play('door', 3_970, 4_500)).video).toHaveLength(39);
  });

  it('skips a gap, and a change of parameters still plays', async () => {
    const { file, video } = await play('door', 10_000, 22_000);
    expect(video).toHaveLength(50 + 51);
    const steps = video.slice(1).map(({ pts }, at) => pts - (video[at]?.pts ?? 0));
    expect(Math.max(...steps)).toBeLessThan(0.1);
    const decoded = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-'], { encoding: 'utf8' });
    expect(decoded.stderr).toBe('');
  });

  it('plays what is being written, up to the last fragment', async () => {
    const { video } = await play('door', 29_000, 60_000);
    expect(video).toHaveLength(75);
  });

  it('gives pieces of the same file', async () => {
    const body = await player.playbackMp4('door', iso(T), iso(T + 12_000));
    const whole = await readAll(body.stream);
    const again = await player.playbackMp4('door', iso(T), iso(T + 12_000));
    again.stream.destroy();
    const part = await readAll(again.slice?.({ start: 100_000, end: 100_999 }) ?? again.stream);
    expect(part.equals(whole.subarray(100_000, 101_000))).toBe(true);
  });

  it('shows reordered pictures in order', async () => {
    const { file, video } = await play('yard', 4_500, 6_920);
    // The first frame is shown at 80 ms: from the key frame at 4.08 s.
    expect(video).toHaveLength(72);
    const shown = video.map(({ pts }) => pts).sort((a, b) => a - b);
    const steps = shown.slice(1).map((pts, at) => Math.round((pts - (shown[at] ?? 0)) * 1000));
    expect(new Set(steps)).toEqual(new Set([40]));
    probe(file);
  });

  it('a range into the future comes as it is, without a known length', async () => {
    now = T + 31_000;
    const { body, file, video } = await play('door', 28_000, 60_000);
    now = T + 3_600_000;
    expect(body.bytes).toBeUndefined();
    expect(video).toHaveLength(100);
    probe(file);
  });

  it('a long range is made while it is read', async () => {
    const { body, file, video } = await play('door', -3_600_000, 60_000);
    expect(body.bytes).toBeUndefined();
    expect(video).toHaveLength(600);
    probe(file);
  });

  it('says that there is nothing', async () => {
    const range = [iso(T + 14_000), iso(T + 18_000)] as const;
    expect(await errorOf(player.playbackMp4('door', ...range))).toBe('no_recording');
    expect(await errorOf(player.playbackHls('door', ...range))).toBe('no_recording');
    expect(await errorOf(player.playbackMp4('nobody', iso(T), iso(T + 9_000)))).toBe('no_recording');
    expect(await errorOf(player.playbackMp4('nobody', iso(T - 9e6), iso(T + 9_000)))).toBe('no_recording');
    expect(await errorOf(player.pictureAt('door', range[0]))).toBe('no_recording');
    expect(await errorOf(player.playbackMp4('door', iso(T), iso(T)))).toBe('bad_range');
    for (const name of [
      'x',
      '../../etc/passwd',
      `${String(T)}-e1-r0-main~`,
      '99999999999999999-e1-r0-main',
    ]) {
      expect(await errorOf(player.hlsInit('door', name))).toBe('no_recording');
    }
  });

  it('makes a playlist that plays as one, with the gap and the change marked', async () => {
    const text = await player.playbackHls('door', iso(T + 1_500), iso(T + 60_000));
    const lines = text.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('#EXT-X-MAP'))).toHaveLength(2);
    expect(lines.filter((line) => line === '#EXT-X-DISCONTINUITY')).toHaveLength(1);
    expect(lines).toContain(`#EXT-X-PROGRAM-DATE-TIME:${iso(T + 1_000)}`);
    expect(lines).toContain(`#EXT-X-PROGRAM-DATE-TIME:${iso(T + 20_000)}`);
    expect(lines.at(-1)).toBe('#EXT-X-ENDLIST');
    const target = Number(/TARGETDURATION:(\d+)/.exec(text)?.[1]);
    const lengths = lines.flatMap((line) => (line.startsWith('#EXTINF:') ? [Number(line.slice(8, -1))] : []));
    expect(Math.max(...lengths.map(Math.round))).toBeLessThanOrEqual(target);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeCloseTo(23, 2);
    const file = await savePlaylist(text, 'door');
    const video = probePackets(file).filter(({ stream }) => stream === 0);
    expect(video).toHaveLength(275 + 300);
    const times = video.map(({ dts }) => dts);
    expect(times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0))).toBe(true);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeCloseTo(22.96, 1);
  });

  it('a playlist of many hours has whole files where it can', async () => {
    const text = await player.playbackHls('door', iso(T - 9 * 3_600_000), iso(T + 60_000));
    expect(text.match(/media\.m4s$/gm)).toHaveLength(5);
    const file = await savePlaylist(text, 'door');
    expect(probePackets(file).filter(({ stream }) => stream === 0)).toHaveLength(600);
  });

  async function savePlaylist(text: string, camera: string): Promise<string> {
    const folder = path.join(node.folder, `hls-${String(Math.random())}`);
    mkdirSync(folder);
    let local = text;
    const files = new Map<string, string>();
    for (const [address, segment = '', file, query = ''] of text.matchAll(
      /playback\/([^/]+)\/(init\.mp4|media\.m4s)(\?[^"\n]*)?/g,
    )) {
      const range = Object.fromEntries(new URLSearchParams(query));
      const data =
        file === 'init.mp4'
          ? await player.hlsInit(camera, segment)
          : await readAll((await player.hlsMedia(camera, segment, range)).stream);
      const name = files.get(address) ?? `${String(files.size)}.mp4`;
      files.set(address, name);
      writeFileSync(path.join(folder, name), data);
    }
    for (const [address, name] of files)
      local = local.replaceAll(`${address}\n`, `${name}\n`).replaceAll(`${address}"`, `${name}"`);
    const playlist = path.join(folder, 'index.m3u8');
    writeFileSync(playlist, local);
    return playlist;
  }

  it.each([
    ['door', 5_010, 5_000],
    ['door', 5_995, 5_960],
    ['door', 20_000, 20_000],
    ['yard', 4_530, 4_520],
  ])('finds the picture of %s at %i ms', async (camera, at, expected) => {
    const picture = await player.pictureAt(camera, iso(T + at));
    expect(Math.abs(picture.time - (T + expected))).toBeLessThan(1);
    expect(picture.units[0]?.key).toBe(true);
    expect(picture.track).toMatchObject({ codec: 'h264', timebase: 90_000 });
    const code = Buffer.from([0, 0, 0, 1]);
    const sets = [...picture.track.sps, ...picture.track.pps].flatMap((nal) => [code, nal]);
    const annexB = Buffer.concat([...sets, ...picture.units.map(({ data }) => startCodes(data))]);
    const count = ffmpeg(
      ['-f', 'h264', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'gray', '-vf', 'scale=8:8', '-'],
      annexB,
    ).length;
    expect(count / 64).toBe(picture.units.length);
  });

  it.skipIf(!hasEncoder('libx265'))('finds pictures of H.265 too', async () => {
    await record(node, 'hevc', makeClip({ codec: 'h265', frames: 50, gop: 25 }), T);
    const { track, units } = await player.pictureAt('hevc', iso(T + 1_500));
    expect(track).toMatchObject({ codec: 'h265', width: 320, height: 240 });
    expect([track.vps, track.sps, track.pps].map((sets) => sets.length)).toEqual([1, 1, 1]);
    expect(units).toHaveLength(13);
  });

  it('switches without a loss to another writer that began before the first ended', async () => {
    const clip = makeClip({ frames: 200, fps: 25, gop: 50 });
    await record(node, 'moved', clip, T);
    // The new owner begins at the key frame at 6 s and goes on to 14 s.
    await record(node, 'moved', clip, T + 6_000, { epoch: 2 });
    const { video } = await play('moved', 0, 14_000);
    expect(video).toHaveLength(150 + 200);
  });

  it('remembers no more indexes than it may', async () => {
    const indexes = new SegmentIndexes(2);
    const rows = await node.parts.store.segments.find({ camera: 'door' });
    for (const row of rows) await indexes.read(node.parts.volumes.resolve(row) ?? '');
    expect(indexes.size).toBe(2);
  });
});

function startCodes(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  for (let at = 0; at < copy.length;) {
    const length = copy.readUInt32BE(at);
    copy.writeUInt32BE(1, at);
    at += 4 + length;
  }
  return copy;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBox } from '../../../../src/media/fmp4/boxes.ts';
import { Fragmenter } from '../../../../src/media/fmp4/fragmenter.ts';
import type { InitSegment } from '../../../../src/media/fmp4/init.ts';
import type { Fragment, Track } from '../../../../src/media/types.ts';
import { type Clip, makeClip } from '../../../support/media/clip.ts';
import { hasEncoder, hasFfmpeg, probe, probePackets } from '../../../support/media/ffmpeg.ts';
import { stamped, videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'fragmenter-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function collect(maxMs?: number) {
  const inits: InitSegment[] = [];
  const fragments: Fragment[] = [];
  const fragmenter = new Fragmenter(
    { init: (init) => void inits.push(init), fragment: (fragment) => void fragments.push(fragment) },
    maxMs === undefined ? {} : { maxMs },
  );
  return { inits, fragments, fragmenter };
}

function run(clip: Clip) {
  const made = collect();
  made.fragmenter.header({ session: 1, generation: 1, tracks: clip.tracks });
  clip.packets.forEach((packet, index) => {
    made.fragmenter.packet(stamped(packet, index));
  });
  made.fragmenter.flush();
  return made;
}

function write(name: string, inits: readonly InitSegment[], fragments: readonly Fragment[]): string {
  const file = path.join(folder, name);
  writeFileSync(
    file,
    Buffer.concat([
      ...inits.map((init) => init.data),
      ...fragments.flatMap(({ moof, mdat }) => [moof, ...mdat]),
    ]),
  );
  return file;
}

describe.skipIf(!hasFfmpeg)('fragments that ffprobe reads (needs the ffmpeg command)', () => {
  it('H.264 high profile with AAC', () => {
    const clip = makeClip({ audio: true, frames: 60, gop: 25 });
    const { inits, fragments } = run(clip);
    const file = write('h264.mp4', inits, fragments);
    const { streams, format } = probe(file);
    expect(
      streams.map(({ codec_name, width, height, nb_read_frames }) => [
        codec_name,
        width,
        height,
        nb_read_frames,
      ]),
    ).toEqual([
      ['h264', 320, 240, '60'],
      ['aac', undefined, undefined, String(clip.packets.filter((packet) => packet.kind === 'audio').length)],
    ]);
    expect(Number(format.duration)).toBeCloseTo(2.4, 1);
    expect(inits[0]?.mimeType).toMatch(/^video\/mp4; codecs="avc1\.[0-9a-f]{6},mp4a\.40\.2"$/);
  });

  it.each([
    ['h264' as const, 'baseline', 0],
    ['h264' as const, 'high', 2],
    ['h265' as const, 'main', 0],
    ['h265' as const, 'main', 2],
  ])('%s %s with %i B-frames keeps every time stamp', (codec, profile, bFrames) => {
    if (codec === 'h265' && !hasEncoder('libx265')) return;
    const clip = makeClip({ codec, profile, bFrames, frames: 40, gop: 20 });
    const { inits, fragments } = run(clip);
    const file = write(`${codec}-${profile}-${String(bFrames)}.mp4`, inits, fragments);
    expect(probe(file).streams[0]?.nb_read_frames).toBe('40');
    const packets = probePackets(file);
    expect(packets.map((packet) => Math.round(packet.pts * 1000))).toEqual(
      clip.packets.toSorted((a, b) => a.dts - b.dts).map((packet) => packet.pts / 90),
    );
    expect(packets.map((packet) => packet.key)).toEqual(
      clip.packets.toSorted((a, b) => a.dts - b.dts).map((packet) => packet.key),
    );
  });
});

describe('Fragmenter', () => {
  it('cuts at key frames and before 500 ms', () => {
    const { fragments, fragmenter } = collect();
    fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack] });
    for (let n = 0; n <= 100; n += 1) fragmenter.packet(stamped(videoFrame(n), n));
    expect(fragments.map((fragment) => [fragment.key, fragment.videoSamples])).toEqual(
      [0, 1].flatMap(() => [
        [true, 12],
        [false, 12],
        [false, 12],
        [false, 12],
        [false, 2],
      ]),
    );
    expect(fragments.map((fragment) => fragment.seq)).toEqual([...fragments.keys()]);
    expect(fragments[0]).toMatchObject({
      time: 10_000,
      endTime: 10_480,
      session: 1,
      generation: 1,
      discontinuity: false,
    });
    expect(fragments[5]?.tfdt).toMatchObject([{ trackId: 1, value: 50 * 3600, timescale: 90_000 }]);
  });

  it('tells where the decode time stands', () => {
    const { fragments, fragmenter } = collect();
    fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack] });
    for (let n = 0; n <= 50; n += 1) fragmenter.packet(stamped(videoFrame(n), n));
    for (const { moof, tfdt, bytes, mdat } of fragments) {
      const found = findBox(moof, 'moof/traf/tfdt');
      expect(tfdt[0]?.offset).toBe((found?.content ?? 0) + 4);
      expect(moof.readBigUInt64BE(tfdt[0]?.offset)).toBe(BigInt(tfdt[0]?.value ?? -1));
      expect(bytes).toBe(moof.length + mdat.reduce((sum, part) => sum + part.length, 0));
    }
  });

  it('begins anew at a discontinuity, and bridges a jump of the time stamps by the arrival', () => {
    const { fragments, fragmenter } = collect();
    fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack] });
    for (let n = 0; n < 10; n += 1) fragmenter.packet(stamped(videoFrame(n), n));
    const hour = 3600 * 90_000;
    for (let n = 10; n < 20; n += 1) {
      fragmenter.packet(
        stamped(videoFrame(n, { pts: n * 3600 + hour, dts: n * 3600 + hour, discontinuity: n === 10 }), n),
      );
    }
    fragmenter.flush();
    expect(fragments.map(({ discontinuity, tfdt }) => [discontinuity, tfdt[0]?.value])).toEqual([
      [false, 0],
      [true, 36_000],
    ]);
  });

  it('keeps a pause as a pause, and time going when stamps jump back', () => {
    const { fragments, fragmenter } = collect();
    fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack] });
    for (let n = 0; n < 5; n += 1) fragmenter.packet(stamped(videoFrame(n), n));
    for (let n = 5; n < 10; n += 1) {
      fragmenter.packet(
        stamped(videoFrame(n, { pts: n, dts: n, time: 20_000 + n * 40, discontinuity: n === 5 }), n),
      );
    }
    fragmenter.flush();
    const last = fragments.at(-1);
    expect(last?.tfdt[0]?.value).toBe(Math.round((20_000 + 200 - 10_000) * 90));
    expect(fragments[0]?.endTime).toBe(10_200);
  });

  it('makes a new init segment per generation and leaves G.711 out', () => {
    const { inits, fragments, fragmenter } = collect();
    const pcma: Track = {
      kind: 'audio',
      codec: 'pcma',
      codecString: 'alaw',
      sampleRate: 8000,
      channels: 1,
      config: Buffer.alloc(0),
      timebase: 8000,
    };
    fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack, pcma] });
    fragmenter.packet(stamped(videoFrame(0), 0));
    fragmenter.packet(stamped({ ...videoFrame(0), track: 1, kind: 'audio' }, 0));
    fragmenter.header({ session: 1, generation: 2, tracks: [{ ...videoTrack, width: 640 }] });
    fragmenter.packet(stamped(videoFrame(1), 1, 1));
    fragmenter.packet(stamped(videoFrame(1, { key: true }), 1, 2));
    fragmenter.flush();
    expect(inits.map((init) => [init.generation, init.tracks.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(fragments.map((fragment) => fragment.generation)).toEqual([1, 2]);
    expect(fragmenter.ignored).toBe(2);
  });

  it('carries audio alone', () => {
    const { inits, fragments, fragmenter } = collect();
    const aac: Track = {
      kind: 'audio',
      codec: 'aac',
      codecString: 'mp4a.40.2',
      sampleRate: 48_000,
      channels: 1,
      config: Buffer.from([0x11, 0x88]),
      timebase: 48_000,
    };
    fragmenter.header({ session: 1, generation: 1, tracks: [aac] });
    for (let n = 0; n < 100; n += 1) {
      fragmenter.packet(
        stamped(
          {
            track: 0,
            kind: 'audio',
            pts: n * 1024,
            dts: n * 1024,
            time: (n * 1024) / 48,
            discontinuity: false,
            key: true,
            data: Buffer.alloc(5),
          },
          n,
        ),
      );
    }
    expect(inits[0]?.mimeType).toBe('audio/mp4; codecs="mp4a.40.2"');
    expect(fragments.length).toBe(4);
    expect(fragments.every((fragment) => fragment.key && fragment.endTime - fragment.time <= 500)).toBe(true);
  });
});

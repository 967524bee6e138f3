import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FragmentHub } from '../../src/media/fmp4/fragment-hub.ts';
import { HubRegistry } from '../../src/media/hub/registry.ts';
import { AudioTranscoding } from '../../src/media/transcode/transcoding.ts';
import { type Clip, makeClip } from '../support/media/clip.ts';
import { hasFfmpeg, probe, probePackets } from '../support/media/ffmpeg.ts';
import { PlayedClip } from '../support/media/play-clip.ts';
import { until } from '../support/until.ts';

const CLIP_MS = 4_000;
const folder = mkdtempSync(path.join(os.tmpdir(), 'sound-'));
const transcodings: AudioTranscoding[] = [];

afterEach(() => {
  for (const transcoding of transcodings.splice(0)) transcoding.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Records a clip that is played in real time, as the recorder and MSE see it. */
function record(clip: Clip) {
  const problems: string[] = [];
  const transcoding = new AudioTranscoding({
    onProblem: (_, sentence) => problems.push(sentence),
    restart: { firstMs: 50 },
    idleMs: 100,
  });
  transcodings.push(transcoding);
  const hubs = new HubRegistry();
  hubs.transcodeSound(transcoding.aac);
  const hub = hubs.ensure('door', 'main');
  const parts: Buffer[] = [];
  let [pictures, codecs] = [0, ''];
  const fragments = FragmentHub.of(hub);
  const reader = fragments.read(
    { name: 'test' },
    {
      init: (init) => {
        codecs = init.codecs;
        parts.push(init.data);
      },
      fragments: (batch) => {
        for (const fragment of batch) {
          pictures += fragment.videoSamples;
          parts.push(fragment.moof, ...fragment.mdat);
        }
      },
    },
  );
  const played = new PlayedClip(hub, clip, CLIP_MS);
  const finish = (): string => {
    played.stop();
    fragments.flush();
    reader.close();
    const file = path.join(folder, `${String(parts.length)}.mp4`);
    writeFileSync(file, Buffer.concat(parts));
    return file;
  };
  return { transcoding, problems, finish, pictures: () => pictures, codecs: () => codecs };
}

/** Loudness of the sound between two moments of a file, decibel. */
function loudness(file: string, from: number, to: number): number {
  const filter = `[0:a]atrim=${String(from)}:${String(to)},volumedetect`;
  const args = ['-hide_banner', '-i', file, '-filter_complex', filter, '-f', 'null', '-'];
  const text = execFileSync('sh', ['-c', 'exec ffmpeg "$@" 2>&1', 'sh', ...args], { encoding: 'utf8' });
  return Number(/mean_volume: (-?[\d.]+|-inf) dB/.exec(text)?.[1] ?? Number.NaN);
}

describe.skipIf(!hasFfmpeg)('G.711 in recordings', () => {
  it.each(['pcma', 'pcmu'] as const)('becomes AAC beside the untouched picture, from %s', async (audio) => {
    const { finish, pictures, codecs, transcoding } = record(makeClip({ frames: 100, audio }));
    await until('six seconds', () => pictures() > 150);
    const file = finish();
    expect(codecs()).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
    const { streams } = probe(file);
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    const packets = probePackets(file);
    const ends = [0, 1].map((stream) =>
      Math.max(...packets.filter((one) => one.stream === stream).map(({ pts }) => pts)),
    );
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 9))).toBeLessThan(1);
    expect(loudness(file, 1, 4)).toBeGreaterThan(-30);
    await until('the end of the process without a stream', () => transcoding.stats.pid === undefined);
  });

  it('keeps every picture while the process that transcodes is killed, and the sound returns', async () => {
    const { finish, pictures, transcoding, problems } = record(makeClip({ frames: 100, audio: 'pcma' }));
    await until('two seconds', () => pictures() > 50);
    const { pid } = transcoding.stats;
    if (pid === undefined) throw new Error('no process');
    process.kill(pid, 'SIGKILL');
    await until('six more seconds', () => pictures() > 200);
    const file = finish();
    expect(transcoding.stats.restarts).toBe(1);
    expect(problems).toHaveLength(1);
    const video = probePackets(file).filter(({ stream }) => stream === 0);
    expect(
      new Set(video.slice(1).map(({ dts }, index) => Math.round((dts - (video[index]?.dts ?? 0)) * 1000))),
    ).toEqual(new Set([40]));
    expect(loudness(file, 5.5, 7.5)).toBeGreaterThan(-30);
  });

  it('goes without the sound that cannot be transcoded', async () => {
    const clip = makeClip({ frames: 100, audio: 'pcma' });
    const tracks = clip.tracks.map((track) => (track.kind === 'audio' ? { ...track, sampleRate: 0 } : track));
    const { finish, pictures, problems } = record({ ...clip, tracks });
    await until('two seconds', () => pictures() > 50);
    const file = finish();
    expect(probePackets(file).every(({ stream }) => stream === 0)).toBe(true);
    expect(problems).toEqual(['a sound track cannot be transcoded and stays silent']);
  });
});

import { AV_LOG_FATAL } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { describe, expect, it } from 'vitest';
import { AudioConverter, type Sound } from '../../../../src/media/transcode/converter.ts';
import { aacTarget, opusTarget } from '../../../../src/media/transcode/targets.ts';
import type { AudioTrack, SourcePacket } from '../../../../src/media/types.ts';
import { makeClip } from '../../../support/media/clip.ts';
import { hasFfmpeg } from '../../../support/media/ffmpeg.ts';

Log.setLevel(AV_LOG_FATAL);

function clipSound(audio: true | 'pcma' | 'pcmu'): { track: AudioTrack; packets: SourcePacket[] } {
  const clip = makeClip({ frames: 100, size: [64, 48], audio, startTime: 50_000 });
  const track = clip.tracks[1];
  if (track?.kind !== 'audio') throw new Error('the clip has no sound');
  return { track, packets: clip.packets.filter(({ kind }) => kind === 'audio') };
}

function converterOf(track: AudioTrack, to: 'aac' | 'opus'): AudioConverter {
  const target = to === 'aac' ? aacTarget(track) : opusTarget(track);
  return new AudioConverter({ from: track, to: { ...target, codec: to } });
}

const steps = (sounds: readonly Sound[]): Set<number> =>
  new Set(sounds.slice(1).map(({ pts }, index) => pts - (sounds[index]?.pts ?? 0)));

describe.skipIf(!hasFfmpeg)('conversion of sound', () => {
  it('makes Opus of 20 ms each from AAC', () => {
    const { track, packets } = clipSound(true);
    const converter = converterOf(track, 'opus');
    const sounds = packets.flatMap((packet) => [...converter.push(packet)]);
    converter.close();
    expect(sounds.length).toBeGreaterThan(190);
    expect([...steps(sounds)]).toEqual([960]);
    expect(sounds.every(({ pts, time }) => Math.abs(time - (50_000 + pts / 48)) < 0.001)).toBe(true);
    expect(sounds.some(({ discontinuity }) => discontinuity)).toBe(false);
  });

  it.each(['pcma', 'pcmu'] as const)('makes AAC at 16 kHz from %s', (codec) => {
    const { track, packets } = clipSound(codec);
    const converter = converterOf(track, 'aac');
    const sounds = packets.flatMap((packet) => [...converter.push(packet)]);
    converter.close();
    expect(sounds.length).toBeGreaterThan(58);
    expect(sounds[0]).toMatchObject({ pts: 0, time: 50_000 });
    expect([...steps(sounds)]).toEqual([1024]);
  });

  it('begins anew after a hole, with times that show it', () => {
    const { track, packets } = clipSound('pcma');
    const converter = converterOf(track, 'aac');
    const holed = packets.filter((_, index) => index < 50 || index >= 100);
    const sounds = holed.flatMap((packet) => [...converter.push(packet)]);
    converter.close();
    const anew = sounds.filter(({ discontinuity }) => discontinuity);
    expect(anew).toHaveLength(1);
    expect(Math.abs((anew[0]?.time ?? 0) - 52_000)).toBeLessThan(130);
  });

  it('passes over garbage', () => {
    const { track, packets } = clipSound(true);
    const converter = converterOf(track, 'opus');
    const sounds = packets.flatMap((packet, index) => [
      ...converter.push(index % 10 === 5 ? { ...packet, data: Buffer.from('rubbish') } : packet),
    ]);
    converter.close();
    expect(converter.errors).toBeGreaterThan(0);
    expect(sounds.length).toBeGreaterThan(100);
  });

  it('needs a decoder', () => {
    const { track } = clipSound('pcma');
    expect(() => converterOf({ ...track, codec: 'opus' }, 'aac')).toThrow('no decoder');
  });
});

import { aacCodecString, makeAacConfig } from '../codec/aac.ts';
import type { AudioTrack } from '../types.ts';

/** AAC-LC, mono, for sound that MP4 cannot carry; at least 16 kHz, since players dislike less. */
export function aacTarget(source: AudioTrack): AudioTrack {
  const sampleRate = source.sampleRate <= 16_000 ? 16_000 : source.sampleRate <= 32_000 ? 32_000 : 48_000;
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: aacCodecString(2),
    sampleRate,
    channels: 1,
    config: makeAacConfig(sampleRate, 1),
    timebase: sampleRate,
  };
}

/** Opus at 48 kHz, mono or stereo as the source. */
export function opusTarget(source: AudioTrack): AudioTrack {
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    sampleRate: 48_000,
    channels: source.channels > 1 ? 2 : 1,
    config: Buffer.alloc(0),
    timebase: 48_000,
  };
}

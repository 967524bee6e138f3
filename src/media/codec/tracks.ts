import type { AudioTrack, VideoCodec, VideoTrack } from '../types.ts';
import { aacCodecString, parseAacConfig } from './aac.ts';
import { parseH264Sps } from './h264.ts';
import { parseH265Sps } from './h265.ts';

export interface ParameterSets {
  /** Empty for H.264. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
}

const NO_BYTES = Buffer.alloc(0);

/** True when pictures can be decoded with these. */
export function isComplete(codec: VideoCodec, sets: ParameterSets): boolean {
  return sets.sps.length > 0 && sets.pps.length > 0 && (codec === 'h264' || sets.vps.length > 0);
}

/**
 * Describes a video stream by its parameter sets.
 *
 * @param reorders what was seen in the stream itself; sets that say so count as well
 * @throws RangeError when the SPS cannot be understood
 */
export function makeVideoTrack(
  codec: VideoCodec,
  sets: ParameterSets,
  timebase = 90_000,
  reorders = false,
): VideoTrack {
  const sps = sets.sps[0] ?? NO_BYTES;
  const info = codec === 'h264' ? parseH264Sps(sps) : parseH265Sps(sps);
  return {
    kind: 'video',
    codec,
    codecString: info.codecString,
    width: info.width,
    height: info.height,
    ...(info.fps === undefined ? {} : { fps: info.fps }),
    reorders: reorders || (info.reorderFrames ?? 0) > 0,
    vps: codec === 'h264' ? [] : sets.vps,
    sps: sets.sps,
    pps: sets.pps,
    timebase,
  };
}

/** @throws RangeError when the AudioSpecificConfig cannot be understood */
export function makeAacTrack(config: Buffer, timebase: number): AudioTrack {
  const { objectType, sampleRate, channels } = parseAacConfig(config);
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: aacCodecString(objectType),
    sampleRate,
    channels,
    config,
    timebase,
  };
}

/** ITU-T G.711 */
export function makeG711Track(codec: 'pcma' | 'pcmu', sampleRate: number, channels: number): AudioTrack {
  return {
    kind: 'audio',
    codec,
    codecString: codec === 'pcma' ? 'alaw' : 'ulaw',
    sampleRate,
    channels,
    config: NO_BYTES,
    timebase: sampleRate,
  };
}

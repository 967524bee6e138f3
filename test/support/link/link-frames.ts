import type { AudioTrack, SourcePacket } from '../../../src/media/types.ts';
import { frameData } from '../archive/archive-node.ts';
import { videoFrame } from '../media/video-frames.ts';

export type ChildOrder =
  | { readonly kind: 'pace'; readonly everyMs: number; readonly frameBytes: number }
  | { readonly kind: 'away' | 'back' | 'stats' };

export interface ChildStats {
  readonly readers: readonly { name: string; drops: number; queuedBytes: number }[];
  readonly links: number;
  readonly refused: number;
  readonly rss: number;
  readonly cpuMs: number;
}

export const PCM_TRACK: AudioTrack = {
  kind: 'audio',
  codec: 'pcma',
  codecString: 'pcma',
  sampleRate: 8_000,
  channels: 1,
  config: Buffer.alloc(0),
  timebase: 8_000,
};

/** Packet `n` of a track: whoever knows the number can make the same bytes again. Key frames are ten times as large. */
export function linkFrame(n: number, kind: 'video' | 'audio', bytes: number): SourcePacket {
  const time = 10_000.125 + n * 40;
  if (kind === 'audio') {
    const data = Buffer.alloc(bytes, n);
    return {
      track: 1,
      kind,
      pts: n * 320 + 2 ** 40,
      dts: n * 320 + 2 ** 40,
      time,
      discontinuity: false,
      key: true,
      data,
    };
  }
  const key = n % 50 === 0;
  return videoFrame(n, { time, discontinuity: n % 25 === 7, data: frameData(n, key ? bytes * 10 : bytes) });
}

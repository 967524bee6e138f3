import type { Packet, SourcePacket, StreamHeader, VideoTrack } from '../../../src/media/types.ts';

/** A track whose parameter sets are whole, for tests that never decode. */
export const videoTrack: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c01e',
  width: 320,
  height: 240,
  reorders: false,
  timebase: 90_000,
  fps: 25,
  vps: [],
  sps: [Buffer.from('6742c01ed900a03d', 'hex')],
  pps: [Buffer.from('68cb', 'hex')],
};

export const videoHeader = (generation = 1, session = 1): StreamHeader => ({
  session,
  generation,
  tracks: [videoTrack],
});

/** Frame `n` of a stream with 25 frames a second and a key frame each 2 s, that began at 10 s after 1970. */
export const videoFrame = (n: number, more: Partial<SourcePacket> = {}): SourcePacket => ({
  track: 0,
  kind: 'video',
  pts: n * 3600,
  dts: n * 3600,
  time: 10_000 + n * 40,
  discontinuity: false,
  key: n % 50 === 0,
  data: Buffer.alloc(20, n),
  ...more,
});

export const stamped = (packet: SourcePacket, seq: number, generation = 1, session = 1): Packet => ({
  ...packet,
  seq,
  session,
  generation,
});

import { box, readU64, u32, writeU64 } from './boxes.ts';

/** Seconds from 1900 to 1970. */
const NTP_OFFSET = 2_208_988_800;
const FRACTION = 0x1_0000_0000;

export interface ReferenceTime {
  readonly trackId: number;
  /** Milliseconds since 1970 at which the picture was taken that is shown at `mediaTime`. */
  readonly time: number;
  /** Ticks of the track, presentation time. */
  readonly mediaTime: number;
}

/** Producer reference time box, ISO/IEC 14496-12 8.16.5, version 1. Stands before the moof that it describes. */
export function prft({ trackId, time, mediaTime }: ReferenceTime): Buffer {
  const content = Buffer.allocUnsafe(20);
  const seconds = Math.floor(time / 1000);
  content.writeUInt32BE(trackId, 0);
  content.writeUInt32BE((seconds + NTP_OFFSET) % FRACTION, 4);
  content.writeUInt32BE(Math.floor(((time - seconds * 1000) / 1000) * FRACTION), 8);
  writeU64(content, Math.max(0, mediaTime), 12);
  return box('prft', u32(0x01000000), content);
}

/** The content of a prft box, its header included; undefined when it is something else. */
export function parsePrft(data: Buffer): ReferenceTime | undefined {
  if (data.length < 32 || data.toString('latin1', 4, 8) !== 'prft') return undefined;
  const version = data.readUInt8(8);
  const seconds = data.readUInt32BE(16) - NTP_OFFSET;
  return {
    trackId: data.readUInt32BE(12),
    // The era that began in 2036 has small numbers again.
    time: (seconds < 0 ? seconds + FRACTION : seconds) * 1000 + (data.readUInt32BE(20) / FRACTION) * 1000,
    mediaTime: version === 0 ? data.readUInt32BE(24) : readU64(data, 24),
  };
}

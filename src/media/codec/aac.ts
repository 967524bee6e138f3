import { BitReader } from './bits.ts';

export interface AacConfig {
  /** MPEG-4 audio object type: 2 is AAC-LC. */
  readonly objectType: number;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of one frame: 1024, seldom 960. */
  readonly frameLength: number;
}

const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

/**
 * Reads an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1).
 *
 * @throws RangeError when it is cut off or names no known rate or channels
 */
export function parseAacConfig(config: Buffer): AacConfig {
  const bits = new BitReader(config);
  let objectType = readObjectType(bits);
  const sampleRate = readRate(bits);
  const channels = CHANNELS[bits.bits(4)];
  if (objectType === 5 || objectType === 29) {
    readRate(bits);
    objectType = readObjectType(bits);
  }
  if (channels === undefined || channels === 0) throw new RangeError('AAC without a channel count');
  const frameLength = bits.bitsLeft > 0 && bits.flag() ? 960 : 1024;
  return { objectType, sampleRate, channels, frameLength };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === 15 ? bits.bits(24) : RATES[index];
  if (rate === undefined || rate === 0) throw new RangeError('AAC without a sample rate');
  return rate;
}

/** An AudioSpecificConfig for AAC-LC. */
export function makeAacConfig(sampleRate: number, channels: number): Buffer {
  const index = RATES.indexOf(sampleRate);
  if (index < 0 || channels < 1 || channels > 6) throw new RangeError('no AAC with this rate and channels');
  return Buffer.from([(2 << 3) | (index >> 1), ((index & 1) << 7) | (channels << 3)]);
}

/** RFC 6381 */
export const aacCodecString = (objectType: number): string => `mp4a.40.${String(objectType)}`;

import { BitReader, unescape } from './bits.ts';
import { checkedSize, frameRate, type SpsInfo } from './sps.ts';

/** NAL unit types, ITU-T H.265 table 7-1. */
export const H265 = { irapFirst: 16, irapLast: 23, vps: 32, sps: 33, pps: 34, aud: 35, filler: 38 } as const;

export const h265NalType = (firstByte: number): number => (firstByte >> 1) & 63;

interface Profile {
  readonly space: number;
  readonly tier: boolean;
  readonly idc: number;
  readonly compatibility: number;
  readonly constraints: readonly number[];
  readonly level: number;
}

/**
 * Reads a sequence parameter set (ITU-T H.265 7.3.2.2.1 and annex E).
 *
 * @param nal with its two header bytes
 * @throws RangeError when it is not one or is cut off
 */
export function parseH265Sps(nal: Buffer): SpsInfo {
  if (nal.length < 16 || h265NalType(nal.readUInt8(0)) !== H265.sps) throw new RangeError('not an H.265 SPS');
  const bits = new BitReader(unescape(nal.subarray(2)));
  bits.skip(4);
  const subLayers = bits.bits(3);
  bits.skip(1);
  const profile = readProfile(bits, subLayers);
  bits.ue();
  const { format, size } = readSize(bits);
  bits.ue();
  bits.ue();
  const orderBits = bits.ue() + 4;
  const reorderFrames = readOrdering(bits, subLayers);
  const usage = readUsageOf(bits, format, orderBits);
  return { codecString: codecString(profile), ...size, ...usage, reorderFrames };
}

function readProfile(bits: BitReader, subLayers: number): Profile {
  const profile: Profile = {
    space: bits.bits(2),
    tier: bits.flag(),
    idc: bits.bits(5),
    compatibility: bits.bits(32),
    constraints: Array.from({ length: 6 }, () => bits.bits(8)),
    level: bits.bits(8),
  };
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.flag(), level: bits.flag() }));
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const layer of present) bits.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0));
  return profile;
}

function readSize(bits: BitReader) {
  const format = bits.ue();
  if (format > 3) throw new RangeError('unknown chroma format');
  const separate = format === 3 && bits.flag();
  let width = bits.ue();
  let height = bits.ue();
  if (bits.flag()) {
    const unitX = format === 1 || format === 2 ? 2 : 1;
    const unitY = format === 1 ? 2 : 1;
    width -= unitX * (bits.ue() + bits.ue());
    height -= unitY * (bits.ue() + bits.ue());
  }
  return { format: separate ? 0 : format, size: checkedSize(width, height) };
}

/** sps_max_num_reorder_pics of the highest sub-layer. */
function readOrdering(bits: BitReader, subLayers: number): number {
  const layers = bits.flag() ? subLayers + 1 : 1;
  let reorder = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    bits.ue();
    reorder = bits.ue();
    bits.ue();
  }
  return Math.min(reorder, 16);
}

/** The frame rate of annex E; a set that is odd from here on is used without it. */
function readUsageOf(bits: BitReader, format: number, orderBits: number): { fps?: number } {
  try {
    for (let field = 0; field < 6; field += 1) bits.ue();
    if (bits.flag() && bits.flag()) skipScalingLists(bits, format);
    bits.skip(2);
    if (bits.flag()) {
      bits.skip(8);
      bits.ue();
      bits.ue();
      bits.skip(1);
    }
    skipReferenceSets(bits);
    if (bits.flag()) {
      const count = bits.ue();
      for (let index = 0; index < count; index += 1) bits.skip(orderBits + 1);
    }
    bits.skip(2);
    return bits.flag() ? readTiming(bits) : {};
  } catch {
    return {};
  }
}

function skipScalingLists(bits: BitReader, format: number): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrix = 0; matrix < 6; matrix += sizeId === 3 && format !== 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (sizeId > 1) bits.se();
      const count = Math.min(64, 1 << (4 + (sizeId << 1)));
      for (let index = 0; index < count; index += 1) bits.se();
    }
  }
}

/** 7.3.7: only how many pictures each set names matters, for later sets build on earlier ones. */
function skipReferenceSets(bits: BitReader): void {
  const count = bits.ue();
  if (count > 64) throw new RangeError('too many reference picture sets');
  let previous = 0;
  for (let set = 0; set < count; set += 1) {
    if (set > 0 && bits.flag()) {
      bits.skip(1);
      bits.ue();
      let named = 0;
      for (let index = 0; index <= previous; index += 1) if (bits.flag() || bits.flag()) named += 1;
      previous = named;
      continue;
    }
    const negative = bits.ue();
    const positive = bits.ue();
    if (negative > 16 || positive > 16) throw new RangeError('too many reference pictures');
    for (let index = 0; index < negative + positive; index += 1) {
      bits.ue();
      bits.skip(1);
    }
    previous = negative + positive;
  }
}

function readTiming(bits: BitReader): { fps?: number } {
  if (bits.flag() && bits.bits(8) === 255) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  bits.skip(3);
  if (bits.flag()) for (let side = 0; side < 4; side += 1) bits.ue();
  return bits.flag() ? frameRate(bits.bits(32), bits.bits(32)) : {};
}

/** ISO/IEC 14496-15 annex E. */
function codecString(profile: Profile): string {
  const space = ['', 'A', 'B', 'C'][profile.space] ?? '';
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if (Math.floor(profile.compatibility / 2 ** bit) % 2 === 1) reversed += 2 ** (31 - bit);
  }
  const constraints = [...profile.constraints];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    'hvc1',
    `${space}${String(profile.idc)}`,
    reversed.toString(16).toUpperCase(),
    `${profile.tier ? 'H' : 'L'}${String(profile.level)}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

import { BitReader, unescape } from './bits.ts';
import { checkedSize, frameRate, type SpsInfo } from './sps.ts';

/** NAL unit types, ITU-T H.264 table 7-1. */
export const H264 = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, aud: 9, filler: 12 } as const;

const PROFILES_WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const INTRA_CONSTRAINT = 0x10;
const INTRA_PROFILES = new Set([44, 86, 100, 110, 122, 244]);
const EXTENDED_SAR = 255;

/**
 * Reads a sequence parameter set (ITU-T H.264 7.3.2.1.1 and annex E).
 *
 * @param nal with its header byte
 * @throws RangeError when it is not one or is cut off
 */
export function parseH264Sps(nal: Buffer): SpsInfo {
  if (nal.length < 5 || ((nal[0] ?? 0) & 31) !== H264.sps) throw new RangeError('not an H.264 SPS');
  const profile = nal.readUInt8(1);
  const constraints = nal.readUInt8(2);
  const bits = new BitReader(unescape(nal.subarray(4)));
  bits.ue();
  const chroma = PROFILES_WITH_CHROMA.has(profile) ? readChroma(bits) : { format: 1, separate: false };
  bits.ue();
  const orderType = readPictureOrder(bits);
  bits.ue();
  bits.skip(1);
  const size = readSize(bits, chroma);
  const usage = bits.flag() ? readUsage(bits) : {};
  const neverReorders =
    profile === 66 ||
    orderType === 2 ||
    (INTRA_PROFILES.has(profile) && (constraints & INTRA_CONSTRAINT) > 0);
  return {
    codecString: `avc1.${nal.toString('hex', 1, 4)}`,
    ...size,
    ...(usage.fps === undefined ? {} : { fps: usage.fps }),
    ...(neverReorders
      ? { reorderFrames: 0 }
      : usage.reorderFrames === undefined
        ? {}
        : { reorderFrames: usage.reorderFrames }),
  };
}

function readChroma(bits: BitReader): { format: number; separate: boolean } {
  const format = bits.ue();
  const separate = format === 3 && bits.flag();
  bits.ue();
  bits.ue();
  bits.skip(1);
  if (bits.flag()) {
    const lists = format === 3 ? 12 : 8;
    for (let list = 0; list < lists; list += 1) if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  }
  return { format, separate };
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size && next !== 0; index += 1) {
    next = (last + bits.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function readPictureOrder(bits: BitReader): number {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    const count = bits.ue();
    if (count > 255) throw new RangeError('impossible picture order cycle');
    for (let index = 0; index < count; index += 1) bits.se();
  }
  return type;
}

function readSize(bits: BitReader, chroma: { format: number; separate: boolean }) {
  const widthUnits = bits.ue() + 1;
  const heightUnits = bits.ue() + 1;
  const fields = bits.flag() ? 1 : 2;
  if (fields === 2) bits.skip(1);
  bits.skip(1);
  const planes = chroma.separate ? 0 : chroma.format;
  const cropX = planes === 1 || planes === 2 ? 2 : 1;
  const cropY = (planes === 1 ? 2 : 1) * fields;
  let width = widthUnits * 16;
  let height = heightUnits * 16 * fields;
  if (bits.flag()) {
    width -= cropX * (bits.ue() + bits.ue());
    height -= cropY * (bits.ue() + bits.ue());
  }
  return checkedSize(width, height);
}

/** Annex E; a set that breaks off in here is used without it. */
function readUsage(bits: BitReader): { fps?: number; reorderFrames?: number } {
  let known: { fps?: number } = {};
  try {
    if (bits.flag() && bits.bits(8) === EXTENDED_SAR) bits.skip(32);
    if (bits.flag()) bits.skip(1);
    if (bits.flag()) {
      bits.skip(4);
      if (bits.flag()) bits.skip(24);
    }
    if (bits.flag()) {
      bits.ue();
      bits.ue();
    }
    if (bits.flag()) {
      const ticks = bits.bits(32);
      const scale = bits.bits(32);
      bits.skip(1);
      known = frameRate(ticks * 2, scale);
    }
    const reference = [skipHypotheticalDecoder(bits), skipHypotheticalDecoder(bits)];
    if (reference.includes(true)) bits.skip(1);
    bits.skip(1);
    if (!bits.flag()) return known;
    bits.skip(1);
    for (let field = 0; field < 4; field += 1) bits.ue();
    const reorderFrames = bits.ue();
    return reorderFrames <= 16 ? { ...known, reorderFrames } : known;
  } catch {
    return known;
  }
}

function skipHypotheticalDecoder(bits: BitReader): boolean {
  if (!bits.flag()) return false;
  const count = bits.ue() + 1;
  if (count > 32) throw new RangeError('impossible decoder model');
  bits.skip(8);
  for (let index = 0; index < count; index += 1) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
  return true;
}

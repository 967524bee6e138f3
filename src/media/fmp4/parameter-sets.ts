/** The few fields of sequence parameter sets that decoder configuration records repeat. */

/** Reads bits of a raw byte sequence payload; behind its end come zeros. */
class Bits {
  readonly #data: Buffer;
  #at = 0;

  constructor(nal: Buffer, headerBytes: number) {
    this.#data = withoutEmulation(nal.subarray(headerBytes));
  }

  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#data[this.#at >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** ue(v), ITU-T H.264 9.1. */
  golomb(): number {
    let zeros = 0;
    while (zeros < 32 && this.read(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + this.read(zeros);
  }
}

/** Removes emulation prevention bytes: the 3 in 0, 0, 3. */
function withoutEmulation(data: Buffer): Buffer {
  const made = Buffer.allocUnsafe(data.length);
  let zeros = 0;
  let length = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    made[length] = byte;
    length += 1;
  }
  return made.subarray(0, length);
}

export interface ColourFormat {
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  readonly lumaBits: number;
  readonly chromaBits: number;
}

const PROFILES_WITH_FORMAT = new Set([100, 110, 122, 144, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139]);

/** ITU-T H.264 7.3.2.1.1; undefined for profiles that are always 4:2:0 with 8 bits. */
export function h264ColourFormat(sps: Buffer): ColourFormat | undefined {
  if (!PROFILES_WITH_FORMAT.has(sps[1] ?? 0)) return undefined;
  const bits = new Bits(sps, 4);
  bits.golomb();
  const chroma = bits.golomb();
  if (chroma === 3) bits.skip(1);
  return { chroma, lumaBits: bits.golomb() + 8, chromaBits: bits.golomb() + 8 };
}

export interface H265Fields extends ColourFormat {
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  /** The 12 bytes from general_profile_space to general_level_idc. */
  readonly profileTierLevel: Buffer;
}

/** ITU-T H.265 7.3.2.2.1 and 7.3.3. */
export function h265Fields(sps: Buffer): H265Fields {
  const bits = new Bits(sps, 2);
  bits.skip(4);
  const subLayers = bits.read(3);
  const temporalIdNested = bits.read(1) === 1;
  const profileTierLevel = Buffer.from(Array.from({ length: 12 }, () => bits.read(8)));
  skipSubLayers(bits, subLayers);
  bits.golomb();
  const chroma = bits.golomb();
  if (chroma === 3) bits.skip(1);
  bits.golomb();
  bits.golomb();
  if (bits.read(1) === 1) for (let side = 0; side < 4; side += 1) bits.golomb();
  const lumaBits = bits.golomb() + 8;
  const chromaBits = bits.golomb() + 8;
  return { temporalLayers: subLayers + 1, temporalIdNested, profileTierLevel, chroma, lumaBits, chromaBits };
}

function skipSubLayers(bits: Bits, subLayers: number): void {
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.read(1), level: bits.read(1) }));
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip(profile * 88 + level * 8);
}

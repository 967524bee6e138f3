import type { VideoCodec } from '../../../src/media/types.ts';

export interface FakePicture {
  /** In order of sending. */
  readonly number: number;
  readonly key: boolean;
  /** Ticks of 90 kHz. */
  readonly pts: number;
  readonly slices: readonly Buffer[];
}

export interface FakeVideoOptions {
  readonly codec?: VideoCodec;
  readonly fps?: number;
  readonly gop?: number;
  readonly keyBytes?: number;
  readonly bytes?: number;
  /** B-frames between two anchors: they come after what is shown later. */
  readonly bFrames?: number;
  readonly slices?: number;
}

const hex = (text: string) => Buffer.from(text, 'hex');

/** Real parameter sets; the slices behind them are numbered noise that no decoder will see. */
export const SETS = {
  h264: {
    vps: [],
    sps: [hex('6742c016d900a02ff97011000003000100000300180f162e48')],
    pps: [hex('68cb83cb20')],
  },
  /** Another size of picture. */
  h264Wide: {
    vps: [],
    sps: [hex('674d4028eca03c0113f2e022000003000200000300641e30632c')],
    pps: [hex('68ebe3cb20')],
  },
  h265: {
    vps: [hex('40010c01ffff01600000030090000003000003005d959809')],
    sps: [hex('42010101600000030090000003000003005da00280802d165959a4932bc05a020000030002000003003c10')],
    pps: [hex('4401c172b46240')],
  },
} as const;

/** Makes pictures one after the other, each with its number and a pattern that shows any damage. */
export class FakeVideo {
  readonly codec: VideoCodec;
  readonly fps: number;
  readonly #options: Required<Omit<FakeVideoOptions, 'codec' | 'fps'>>;
  #next = 0;

  constructor({ codec = 'h264', fps = 25, ...rest }: FakeVideoOptions = {}) {
    this.codec = codec;
    this.fps = fps;
    this.#options = { gop: 10, keyBytes: 4_000, bytes: 700, bFrames: 0, slices: 1, ...rest };
  }

  next(): FakePicture {
    const number = this.#next;
    this.#next += 1;
    const { gop, keyBytes, bytes, bFrames, slices } = this.#options;
    const key = number % gop === 0;
    const size = Math.ceil((key ? keyBytes : bytes) / slices);
    return {
      number,
      key,
      pts: Math.round((this.#shown(number, gop, bFrames) * 90_000) / this.fps),
      slices: Array.from({ length: slices }, (_, slice) =>
        makeSlice(this.codec, key, number, size, slice === 0),
      ),
    };
  }

  /** With groups of anchor and B-frames, where the anchor is shown last. */
  #shown(number: number, gop: number, bFrames: number): number {
    const inGop = number % gop;
    if (bFrames === 0 || inGop === 0) return number;
    const inGroup = (inGop - 1) % (bFrames + 1);
    const last = Math.min(bFrames, gop - 1 - (inGop - inGroup));
    return inGroup === 0 ? number + last : number - 1;
  }
}

function makeSlice(codec: VideoCodec, key: boolean, number: number, size: number, first: boolean): Buffer {
  const header = codec === 'h264' ? [key ? 0x65 : 0x41] : [key ? 0x26 : 0x02, 0x01];
  const nal = Buffer.alloc(Math.max(size, 16));
  Buffer.from([...header, first ? 0x88 : 0x48]).copy(nal);
  nal.writeUInt32BE(number, 4);
  for (let at = 8; at < nal.length; at += 1) nal[at] = (number * 31 + at) & 0xff;
  return nal;
}

/** The number of a picture. @throws Error when any byte of it is not as it was sent */
export function pictureNumber(data: Buffer, codec: VideoCodec = 'h264'): number {
  let number = -1;
  for (let at = 0; at < data.length;) {
    const nal = data.subarray(at + 4, at + 4 + data.readUInt32BE(at));
    at += 4 + nal.length;
    const mine = nal.readUInt32BE(4);
    const sent = makeSlice(codec, isKeySlice(nal, codec), mine, nal.length, number < 0);
    if (!nal.equals(sent) || (number >= 0 && number !== mine))
      throw new Error(`picture ${String(mine)} is damaged`);
    number = mine;
  }
  return number;
}

const isKeySlice = (nal: Buffer, codec: VideoCodec): boolean => nal[0] === (codec === 'h264' ? 0x65 : 0x26);

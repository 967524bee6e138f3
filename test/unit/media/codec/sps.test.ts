import { describe, expect, it } from 'vitest';
import { BitReader, unescape } from '../../../../src/media/codec/bits.ts';
import { parseH264Sps } from '../../../../src/media/codec/h264.ts';
import { parseH265Sps } from '../../../../src/media/codec/h265.ts';
import { isComplete, makeVideoTrack } from '../../../../src/media/codec/tracks.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const MAIN = hex('674d4028eca03c0113f2e022000003000200000300641e30632c');
const BASELINE = hex('6742c016d900a02ff97011000003000100000300180f162e48');
const HEVC = hex('42010101600000030090000003000003005da00280802d165959a4932bc05a020000030002000003003c10');

describe('H.264 SPS', () => {
  it('gives cropped size, frame rate, codec string and reordering', () => {
    expect(parseH264Sps(MAIN)).toEqual({
      codecString: 'avc1.4d4028',
      width: 1920,
      height: 1080,
      fps: 25,
      reorderFrames: 2,
    });
    expect(parseH264Sps(BASELINE)).toEqual({
      codecString: 'avc1.42c016',
      width: 640,
      height: 360,
      fps: 12,
      reorderFrames: 0,
    });
  });

  it('keeps the size when the usage information is cut off', () => {
    const cut = parseH264Sps(MAIN.subarray(0, 13));
    expect(cut.width).toBe(1920);
    expect(cut.fps).toBeUndefined();
  });

  it('throws RangeError for anything else, whatever it is', () => {
    expect(() => parseH264Sps(HEVC)).toThrow(RangeError);
    expect(() => parseH264Sps(MAIN.subarray(0, 6))).toThrow(RangeError);
    expect(() => parseH264Sps(Buffer.alloc(0))).toThrow(RangeError);
    for (let seed = 1; seed < 400; seed += 1) {
      const noise = Buffer.from(
        Array.from({ length: 3 + (seed % 40) }, (_, i) => (seed * 31 + i * i * 17) & 255),
      );
      for (const parse of [parseH264Sps, parseH265Sps]) {
        const nal = Buffer.concat([parse === parseH264Sps ? hex('67') : hex('4201'), noise]);
        try {
          const { width, height } = parse(nal);
          expect(width * height).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }
  });
});

describe('H.265 SPS', () => {
  it('gives size, frame rate and codec string', () => {
    expect(parseH265Sps(HEVC)).toEqual({
      codecString: 'hvc1.1.6.L93.90',
      width: 1280,
      height: 720,
      fps: 30,
      reorderFrames: 2,
    });
  });
});

describe('tracks', () => {
  it('is complete with all sets of its codec', () => {
    const pps = [Buffer.from([1])];
    expect(isComplete('h264', { vps: [], sps: [MAIN], pps })).toBe(true);
    expect(isComplete('h265', { vps: [], sps: [HEVC], pps })).toBe(false);
    expect(isComplete('h264', { vps: [], sps: [MAIN], pps: [] })).toBe(false);
  });

  it('reorders when the set says so or the stream shows it', () => {
    expect(makeVideoTrack('h264', { vps: [], sps: [MAIN], pps: [] }).reorders).toBe(true);
    expect(makeVideoTrack('h264', { vps: [], sps: [BASELINE], pps: [] }).reorders).toBe(false);
    expect(makeVideoTrack('h264', { vps: [], sps: [BASELINE], pps: [] }, 90_000, true).reorders).toBe(true);
  });
});

describe('bits', () => {
  it('reads exponential Golomb numbers', () => {
    const bits = new BitReader(Buffer.from([0b1_010_011_0, 0b0100_0010, 0b1_0000000]));
    expect([bits.ue(), bits.ue(), bits.ue(), bits.ue()]).toEqual([0, 1, 2, 3]);
    expect(bits.se()).toBe(-2);
  });

  it('removes emulation prevention only where it is one', () => {
    expect(unescape(hex('00000301000003000003'))).toEqual(hex('00000100000000'));
    expect(unescape(hex('0003'))).toEqual(hex('0003'));
  });
});

import { describe, expect, it } from 'vitest';
import { nalUnits, packetizeH264 } from '../../../../src/media/rtp/h264.ts';

const nal = (type: number, size: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x60 | type]),
    Buffer.from(Array.from({ length: size - 1 }, (_, i) => i & 0xff)),
  ]);
const prefixed = (...nals: Buffer[]): Buffer =>
  Buffer.concat(
    nals.flatMap((one) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(one.length);
      return [length, one];
    }),
  );
const sets = { sps: [Buffer.from([0x67, 0x4d, 0, 0x1f])], pps: [Buffer.from([0x68, 0xee])] };

describe('packetizeH264', () => {
  it('puts one STAP-A with SPS and PPS before an IDR picture', () => {
    const payloads = packetizeH264(prefixed(nal(5, 50)), sets);
    expect(payloads).toHaveLength(2);
    expect(payloads[0]?.toString('hex')).toBe('7800' + '04' + '674d001f' + '0002' + '68ee');
    expect(payloads[1]?.equals(nal(5, 50))).toBe(true);
  });

  it('sends other pictures without parameter sets, and no SEI, delimiter, filler', () => {
    const slice = nal(1, 20);
    const payloads = packetizeH264(prefixed(nal(9, 2), nal(6, 9), slice, nal(12, 4), nal(7, 6)), sets);
    expect(payloads.map((one) => one.toString('hex'))).toEqual([slice.toString('hex')]);
  });

  it('fragments what exceeds the maximum, to be joined again to the same bytes', () => {
    const big = nal(1, 5_001);
    const payloads = packetizeH264(prefixed(big), sets, 1_000);
    expect(payloads.length).toBe(6);
    expect(Math.max(...payloads.map((one) => one.length))).toBeLessThanOrEqual(1_000);
    expect(payloads.map((one) => (one[1] ?? 0) & 0xc0)).toEqual([0x80, 0, 0, 0, 0, 0x40]);
    const first = payloads[0] ?? Buffer.alloc(2);
    const head = Buffer.from([((first[0] ?? 0) & 0xe0) | ((first[1] ?? 0) & 0x1f)]);
    expect(Buffer.concat([head, ...payloads.map((one) => one.subarray(2))]).equals(big)).toBe(true);
  });

  it('sends parameter sets one by one when they do not fit into one packet', () => {
    const wide = { sps: [nal(7, 90)], pps: [nal(8, 90)] };
    expect(packetizeH264(prefixed(nal(5, 20)), wide, 100).map((one) => (one[0] ?? 0) & 0x1f)).toEqual([
      7, 8, 5,
    ]);
  });

  it('ends at a length that overruns the data', () => {
    const data = Buffer.concat([prefixed(nal(1, 8)), Buffer.from([0, 0, 1, 0, 1, 2])]);
    expect([...nalUnits(data)]).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import { RtpStream, wrap32 } from '../../../../src/media/rtp/stream.ts';

const stream = (firstSequence = 0xffff): RtpStream =>
  new RtpStream({ ssrc: 0xdeadbeef, payloadType: 96, clockRate: 90_000, firstSequence });

describe('RtpStream', () => {
  it('numbers packets over the wrap and marks the last of a picture', () => {
    const [one, two] = stream().packets(2 ** 32 + 5, [Buffer.from([1]), Buffer.from([2])]);
    expect(one?.toString('hex')).toBe('8060ffff00000005deadbeef01');
    expect(two?.toString('hex')).toBe('80e0000000000005deadbeef02');
  });

  it('reports what it sent with NTP time and CNAME', () => {
    const sender = stream();
    sender.packet(0, Buffer.alloc(10), true);
    const report = sender.senderReport(1_000, 1_500, 'cam');
    expect(report.readUInt16BE(0)).toBe(0x80c8);
    expect(report.readUInt32BE(8)).toBe(2_208_988_801);
    expect(report.readUInt32BE(12)).toBe(0x80000000);
    expect([16, 20, 24].map((at) => report.readUInt32BE(at))).toEqual([1_000, 1, 10]);
    const description = report.subarray(28);
    expect(description.length).toBe((description.readUInt16BE(2) + 1) * 4);
    expect(description.toString('latin1', 10, 13)).toBe('cam');
  });

  it('wraps ticks of any size', () => {
    expect([wrap32(-1), wrap32(2 ** 32), wrap32(7.9)]).toEqual([0xffffffff, 0, 7]);
  });
});

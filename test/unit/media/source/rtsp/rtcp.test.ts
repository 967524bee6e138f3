import { describe, expect, it } from 'vitest';
import { readSenderReports, writeReceiverReport } from '../../../../../src/media/source/rtsp/rtcp.ts';
import { RtpStream } from '../../../../../src/media/rtp/stream.ts';

describe('RTCP', () => {
  it('reads sender reports out of compound packets', () => {
    const sender = new RtpStream({ ssrc: 0xcafe, payloadType: 96, clockRate: 90_000 });
    const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const report = sender.senderReport(4_000_000_000, time, 'camera');
    const before = Buffer.from('81c90001000000ff', 'hex');
    const data = Buffer.concat([Buffer.from([0, 0]), before, report]);
    const [found] = readSenderReports(data, 2, data.length);
    expect(found).toMatchObject({ ssrc: 0xcafe, rtpTimestamp: 4_000_000_000 });
    expect(found?.time).toBeCloseTo(time, 2);
    expect(found?.middle).toBe(report.readUInt32BE(10));
  });

  it('passes over whatever does not fit', () => {
    const report = new RtpStream({ ssrc: 1, payloadType: 96, clockRate: 1 }).senderReport(0, 0, 'c');
    for (let end = 0; end < 28; end += 1) expect(readSenderReports(report, 0, end)).toEqual([]);
    const odd = Buffer.from(report);
    odd.writeUInt16BE(0xffff, 2);
    expect(readSenderReports(odd, 0, odd.length)).toEqual([]);
    expect(readSenderReports(Buffer.alloc(100, 0x40), 0, 100)).toEqual([]);
  });

  it('writes receiver reports with a source description', () => {
    const report = writeReceiverReport(7, {
      ssrc: 9,
      fraction: 0.25,
      lost: 0x1000000,
      highest: 70_000,
      lastReport: 0x12345678,
      sinceReport: 1_000,
    });
    expect(report.readUInt16BE(0)).toBe(0x81c9);
    expect(report.readUInt32BE(4)).toBe(7);
    expect(report.readUInt32BE(8)).toBe(9);
    expect(report.readUInt8(12)).toBe(64);
    expect(report.readUIntBE(13, 3)).toBe(0x7fffff);
    expect(report.readUInt32BE(16)).toBe(70_000);
    expect(report.readUInt32BE(24)).toBe(0x12345678);
    expect(report.readUInt32BE(28)).toBe(65_536);
    expect(report.readUInt16BE(32)).toBe(0x81ca);
    expect(report.length % 4).toBe(0);
  });
});

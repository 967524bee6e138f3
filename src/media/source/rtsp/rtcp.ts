/** Milliseconds between 1900 (NTP) and 1970. */
const NTP_EPOCH_MS = 2_208_988_800_000;

export interface SenderReport {
  readonly ssrc: number;
  /** The sender's wall clock, milliseconds since 1970. */
  readonly time: number;
  readonly rtpTimestamp: number;
  /** The middle 32 bits of the NTP time, as receiver reports repeat them. */
  readonly middle: number;
}

/** The sender reports in a compound RTCP packet (RFC 3550 6.4.1); anything that does not fit is passed over. */
export function readSenderReports(data: Buffer, start: number, end: number): SenderReport[] {
  const found: SenderReport[] = [];
  let at = start;
  while (at + 4 <= end) {
    const length = 4 + 4 * data.readUInt16BE(at + 2);
    if (data.readUInt8(at) >> 6 !== 2 || at + length > end) return found;
    if (data.readUInt8(at + 1) === 200 && length >= 28) {
      const seconds = data.readUInt32BE(at + 8);
      const fraction = data.readUInt32BE(at + 12);
      found.push({
        ssrc: data.readUInt32BE(at + 4),
        time: seconds * 1000 + (fraction * 1000) / 2 ** 32 - NTP_EPOCH_MS,
        rtpTimestamp: data.readUInt32BE(at + 16),
        middle: (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0,
      });
    }
    at += length;
  }
  return found;
}

export interface ReceptionState {
  readonly ssrc: number;
  /** Share lost since the report before, 0 to 1. */
  readonly fraction: number;
  readonly lost: number;
  readonly highest: number;
  /** Of the last sender report; 0 when none came. */
  readonly lastReport: number;
  /** Milliseconds since it came. */
  readonly sinceReport: number;
}

/** A receiver report with one block and an empty source description (RFC 3550 6.4.2, 6.5). */
export function writeReceiverReport(own: number, state: ReceptionState): Buffer {
  const report = Buffer.alloc(32 + 12);
  report.writeUInt8(0x81, 0);
  report.writeUInt8(201, 1);
  report.writeUInt16BE(7, 2);
  report.writeUInt32BE(own, 4);
  report.writeUInt32BE(state.ssrc, 8);
  report.writeUInt8(Math.min(255, Math.floor(state.fraction * 256)), 12);
  report.writeUIntBE(Math.min(state.lost, 0x7fffff), 13, 3);
  report.writeUInt32BE(state.highest, 16);
  report.writeUInt32BE(state.lastReport, 24);
  if (state.lastReport !== 0) {
    report.writeUInt32BE(Math.min(0xffffffff, Math.round(state.sinceReport * 65.536)), 28);
  }
  // SDES with an empty canonical name
  report.writeUInt8(0x81, 32);
  report.writeUInt8(202, 33);
  report.writeUInt16BE(2, 34);
  report.writeUInt32BE(own, 36);
  report.writeUInt8(1, 40);
  return report;
}

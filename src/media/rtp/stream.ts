/** One outgoing RTP stream (RFC 3550) with its own SSRC, sequence numbers and sender reports. */

const HEADER_BYTES = 12;
const NTP_UNIX_SECONDS = 2_208_988_800;

export interface RtpStreamOptions {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Hz of the RTP timestamps. */
  readonly clockRate: number;
  /** First sequence number, 0 to 65535; random when absent (RFC 3550 section 5.1). */
  readonly firstSequence?: number;
}

export class RtpStream {
  readonly ssrc: number;
  readonly clockRate: number;
  readonly #payloadType: number;
  #sequence: number;
  #packets = 0;
  #octets = 0;

  constructor(options: RtpStreamOptions) {
    this.ssrc = options.ssrc >>> 0;
    this.clockRate = options.clockRate;
    this.#payloadType = options.payloadType & 0x7f;
    this.#sequence = options.firstSequence ?? Math.floor(Math.random() * 0x8000);
  }

  /** @param timestamp ticks of the clock rate; wraps at 2^32 */
  packet(timestamp: number, payload: Buffer, marker: boolean): Buffer {
    const packet = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    packet[0] = 0x80;
    packet[1] = this.#payloadType | (marker ? 0x80 : 0);
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(wrap32(timestamp), 4);
    packet.writeUInt32BE(this.ssrc, 8);
    payload.copy(packet, HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets = (this.#packets + 1) >>> 0;
    this.#octets = (this.#octets + payload.length) >>> 0;
    return packet;
  }

  /** The packets of one access unit: the marker is on the last. */
  packets(timestamp: number, payloads: readonly Buffer[]): Buffer[] {
    return payloads.map((payload, index) => this.packet(timestamp, payload, index === payloads.length - 1));
  }

  /**
   * An RTCP sender report (RFC 3550 section 6.4.1) with a CNAME, so that receivers align picture and sound.
   *
   * @param timestamp RTP time that belongs to `time`
   * @param time milliseconds since 1970
   */
  senderReport(timestamp: number, time: number, cname: string): Buffer {
    const report = Buffer.alloc(28);
    report[0] = 0x80;
    report[1] = 200;
    report.writeUInt16BE(6, 2);
    report.writeUInt32BE(this.ssrc, 4);
    const seconds = Math.floor(time / 1000);
    report.writeUInt32BE(wrap32(seconds + NTP_UNIX_SECONDS), 8);
    report.writeUInt32BE(wrap32(((time - seconds * 1000) / 1000) * 2 ** 32), 12);
    report.writeUInt32BE(wrap32(timestamp), 16);
    report.writeUInt32BE(this.#packets, 20);
    report.writeUInt32BE(this.#octets, 24);
    return Buffer.concat([report, this.#description(cname)]);
  }

  /** RFC 3550 section 6.5, the CNAME item alone. */
  #description(cname: string): Buffer {
    const name = Buffer.from(cname, 'utf8').subarray(0, 255);
    const bytes = Math.ceil((8 + 2 + name.length + 1) / 4) * 4;
    const packet = Buffer.alloc(bytes);
    packet[0] = 0x81;
    packet[1] = 202;
    packet.writeUInt16BE(bytes / 4 - 1, 2);
    packet.writeUInt32BE(this.ssrc, 4);
    packet[8] = 1;
    packet[9] = name.length;
    name.copy(packet, 10);
    return packet;
  }
}

/** Ticks as an unsigned 32-bit number, fractions cut off. */
export const wrap32 = (ticks: number): number => {
  const rest = Math.floor(ticks) % 2 ** 32;
  return rest < 0 ? rest + 2 ** 32 : rest;
};

export interface RtpHandler {
  /**
   * One RTP payload, valid only during the call. `gap`: packets before it are missing or the sender changed.
   */
  payload(data: Buffer, start: number, end: number, timestamp: number, marker: boolean, gap: boolean): void;
  lost(packets: number): void;
  malformed(): void;
}

const MAX_DROPOUT = 3_000;
const MAX_MISORDER = 100;

/**
 * Checks the RTP packets of one track (RFC 3550, appendix A.1): version, lengths, payload type, sender and sequence.
 * A packet that is not plausible changes nothing; a new sender or sequence is believed from its second packet on.
 */
export class RtpReceiver {
  readonly payloadType: number;
  readonly #handler: RtpHandler;
  #ssrc = -1;
  #expected = -1;
  #candidateSsrc = -1;
  #candidateSeq = -1;
  #cycles = 0;
  /** For receiver reports (RFC 3550 6.4.1). */
  received = 0;
  lost = 0;

  constructor(payloadType: number, handler: RtpHandler) {
    this.payloadType = payloadType;
    this.#handler = handler;
  }

  /** -1 before the first packet. */
  get ssrc(): number {
    return this.#ssrc;
  }

  /** Extended highest sequence number. */
  get highest(): number {
    return (this.#cycles * 65_536 + ((this.#expected - 1) & 0xffff)) >>> 0;
  }

  push(data: Buffer, start: number, end: number): void {
    if (end - start < 12 || data.readUInt8(start) >> 6 !== 2) {
      this.#handler.malformed();
      return;
    }
    const flags = data.readUInt8(start);
    const second = data.readUInt8(start + 1);
    if ((second & 127) !== this.payloadType) {
      this.#handler.malformed();
      return;
    }
    let at = start + 12 + (flags & 15) * 4;
    if ((flags & 16) !== 0) at = at + 4 <= end ? at + 4 + 4 * data.readUInt16BE(at + 2) : end + 1;
    const stop = (flags & 32) === 0 ? end : end - data.readUInt8(end - 1);
    if (at > stop || at > end) {
      this.#handler.malformed();
      return;
    }
    const verdict = this.#accept(data.readUInt16BE(start + 2), data.readUInt32BE(start + 8));
    if (verdict === 'no') return;
    this.received += 1;
    if (at === stop) return;
    this.#handler.payload(data, at, stop, data.readUInt32BE(start + 4), second > 127, verdict === 'gap');
  }

  #accept(seq: number, ssrc: number): 'yes' | 'gap' | 'no' {
    if (this.#ssrc === -1) {
      this.#ssrc = ssrc;
      this.#expected = (seq + 1) & 0xffff;
      return 'yes';
    }
    const delta = (seq - this.#expected) & 0xffff;
    if (ssrc === this.#ssrc && delta === 0) {
      this.#advance(seq);
      return 'yes';
    }
    if (ssrc === this.#ssrc && delta < MAX_DROPOUT) {
      this.#advance(seq);
      this.lost += delta;
      this.#handler.lost(delta);
      return 'gap';
    }
    if (ssrc === this.#ssrc && delta > 65_536 - MAX_MISORDER) return 'no';
    return this.#restart(seq, ssrc);
  }

  #restart(seq: number, ssrc: number): 'gap' | 'no' {
    const believed = this.#candidateSsrc === ssrc && this.#candidateSeq === seq;
    this.#candidateSsrc = ssrc;
    this.#candidateSeq = (seq + 1) & 0xffff;
    this.#handler.malformed();
    if (!believed) return 'no';
    this.#ssrc = ssrc;
    this.#cycles = 0;
    this.#candidateSsrc = -1;
    this.#advance(seq);
    return 'gap';
  }

  #advance(seq: number): void {
    const next = (seq + 1) & 0xffff;
    if (next < this.#expected) this.#cycles += 1;
    this.#expected = next;
  }
}

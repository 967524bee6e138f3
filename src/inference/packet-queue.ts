/** A packet on its way to the decoder. */
export interface QueuedPacket {
  /** Milliseconds since 1970 of its picture. */
  readonly time: number;
  readonly key: boolean;
  /** When the node sent it, by the machine's clock. */
  readonly sent: number;
  readonly data: Buffer;
}

export interface QueueLimits {
  readonly maxPackets: number;
  readonly maxBytes: number;
  /** Milliseconds after which what waits is given up for a newer key frame, when there is one. */
  readonly maxAgeMs: number;
}

const LIMITS: QueueLimits = { maxPackets: 2_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: 5_000 };

/**
 * Packets of one stream that wait for the decoder. When it is behind, the oldest go, up to a key frame, since what lies
 * between cannot be decoded without them.
 */
export class PacketQueue {
  readonly #limits: QueueLimits;
  #packets: QueuedPacket[] = [];
  #bytes = 0;
  #needsKey = true;
  /** What comes before the next key frame belongs to what was dropped. */
  #dropping = false;
  dropped = 0;

  constructor(limits: QueueLimits = LIMITS) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#packets.length;
  }

  /** How long the oldest waits, milliseconds; 0 when none does. */
  age(now: number): number {
    const head = this.#packets[0];
    return head === undefined ? 0 : now - head.sent;
  }

  /** Other parameters, or another decoder: only a key frame can be next. */
  begin(): void {
    this.#packets = [];
    this.#bytes = 0;
    this.#needsKey = true;
    this.#dropping = false;
  }

  push(packet: QueuedPacket): void {
    if (this.#needsKey && !packet.key) {
      this.dropped += this.#dropping ? 1 : 0;
      return;
    }
    this.#needsKey = false;
    this.#dropping = false;
    this.#packets.push(packet);
    this.#bytes += packet.data.length;
    if (this.#packets.length > this.#limits.maxPackets || this.#bytes > this.#limits.maxBytes) this.#drop();
  }

  /** Puts packets before all others: they were held back and are wanted now. */
  unshift(packets: readonly QueuedPacket[]): void {
    this.#packets = [...packets, ...this.#packets];
    for (const { data } of packets) this.#bytes += data.length;
  }

  /** @param now by the machine's clock. Undefined when nothing is left. */
  shift(now: number): QueuedPacket | undefined {
    const head = this.#packets[0];
    if (head !== undefined && now - head.sent > this.#limits.maxAgeMs && this.#newestKey() > 0) this.#drop();
    const packet = this.#packets.shift();
    if (packet !== undefined) this.#bytes -= packet.data.length;
    return packet;
  }

  /** Place of the newest key frame behind the head; -1 when there is none. */
  #newestKey(): number {
    return this.#packets.findLastIndex((packet, index) => index > 0 && packet.key);
  }

  /** Keeps what begins with the newest key frame behind the head, or nothing. */
  #drop(): void {
    const from = this.#newestKey();
    const kept = from < 0 ? [] : this.#packets.slice(from);
    this.dropped += this.#packets.length - kept.length;
    this.#packets = kept;
    this.#bytes = this.#packets.reduce((sum, { data }) => sum + data.length, 0);
    this.#needsKey = kept.length === 0;
    this.#dropping = this.#needsKey;
  }
}

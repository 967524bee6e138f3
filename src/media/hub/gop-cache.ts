import type { Packet } from '../types.ts';

export interface GopCacheLimits {
  readonly maxBytes: number;
  readonly maxPackets: number;
}

/** Keeps the packets since the newest video key frame, so that a new reader can start at once. */
export class GopCache {
  readonly #limits: GopCacheLimits;
  #packets: Packet[] = [];
  #bytes = 0;

  constructor(limits: GopCacheLimits = { maxBytes: 16 * 1024 * 1024, maxPackets: 3_000 }) {
    this.#limits = limits;
  }

  push(packet: Packet): void {
    if (packet.kind === 'video' && packet.key) this.clear();
    else if (this.#packets.length === 0) return;
    this.#packets.push(packet);
    this.#bytes += packet.data.length;
    if (this.#bytes > this.#limits.maxBytes || this.#packets.length > this.#limits.maxPackets) this.clear();
  }

  clear(): void {
    this.#packets = [];
    this.#bytes = 0;
  }

  /** The cached packets, a video key frame first; empty when a GOP outgrew the limits or none began yet. */
  get packets(): readonly Packet[] {
    return this.#packets;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

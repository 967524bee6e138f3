import type { QueuedPacket } from './packet-queue.ts';

/** Pixels a second from which a stream is worth saving on: full HD at 10 pictures a second. */
const HEAVY = 1_920 * 1_080 * 10;
/** Milliseconds without anything to see after which only key frames are decoded. */
const AWAKE_MS = 10_000;
/** Held back at most, bytes and packets. */
const MAX_BYTES = 12 * 1024 * 1024;
const MAX_PACKETS = 600;
/** So many pictures in a row that are so many times larger than usual are a change of scene. */
const LARGE_ROW = 3;
const LARGE_TIMES = 2;
/** How fast the usual size follows, share per picture. */
const FOLLOW = 0.02;

/**
 * Saves the work of decoding large pictures in which nothing happens: of such a stream only the key frames are decoded,
 * the packets since the newest are kept. When a key frame shows motion, or packets grow as those of moving pictures do,
 * what was kept is decoded after all, so that nothing is missed. Pure.
 */
export class KeyFrameSaver {
  readonly #heavy: boolean;
  #held: QueuedPacket[] = [];
  #bytes = 0;
  #whole = true;
  #asleep = false;
  #awakeUntil: number | undefined;
  #usual = 0;
  #large = 0;

  /**
   * @param pixelsPerSecond as far as known
   * @param reorders a decoder gives such pictures only after later ones: key frames alone would come too late
   */
  constructor(pixelsPerSecond: number, reorders: boolean) {
    this.#heavy = pixelsPerSecond >= HEAVY && !reorders;
  }

  get asleep(): boolean {
    return this.#asleep;
  }

  /** `decode` it now, `hold`: it is kept, `wake`: it is kept and all that is kept is wanted now, see `release`. */
  take(packet: QueuedPacket): 'decode' | 'hold' | 'wake' {
    if (!this.#heavy) return 'decode';
    this.#awakeUntil ??= packet.time + AWAKE_MS;
    if (packet.key) {
      this.#forget();
      this.#asleep = packet.time > this.#awakeUntil;
      return 'decode';
    }
    const grown = this.#measure(packet.data.length);
    if (!this.#asleep) return 'decode';
    this.#hold(packet);
    if (!grown || !this.#whole) return 'hold';
    this.active(packet.time);
    return 'wake';
  }

  /** There is something to see at `time`. True when that is news: what was kept is wanted now, see `release`. */
  active(time: number): boolean {
    this.#awakeUntil = Math.max(this.#awakeUntil ?? time, time + AWAKE_MS);
    if (!this.#asleep || !this.#whole) return false;
    this.#asleep = false;
    return true;
  }

  /** What was kept since the newest key frame, in order; it is forgotten. */
  release(): QueuedPacket[] {
    const held = this.#held;
    this.#forget();
    return held;
  }

  #hold(packet: QueuedPacket): void {
    if (!this.#whole) return;
    this.#held.push(packet);
    this.#bytes += packet.data.length;
    if (this.#bytes <= MAX_BYTES && this.#held.length <= MAX_PACKETS) return;
    this.#forget();
    // Without its beginning the rest cannot be decoded: it sleeps up to the next key frame.
    this.#whole = false;
  }

  #forget(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#whole = true;
  }

  #measure(bytes: number): boolean {
    const large = this.#usual > 0 && bytes > this.#usual * LARGE_TIMES;
    this.#large = large ? this.#large + 1 : 0;
    this.#usual = this.#usual === 0 ? bytes : this.#usual + (bytes - this.#usual) * FOLLOW;
    return this.#large >= LARGE_ROW;
  }
}

/**
 * Derives decoding times for pictures that arrive in decoding order with presentation times only (RTP). With pictures
 * that are shown in another order, the n-th decoding time is the (n - depth)-th smallest presentation time.
 */
export class DecodeTimes {
  readonly depth: number;
  readonly #frameTicks: number;
  #waiting: number[] = [];
  #first = 0;
  #last: number;

  /**
   * @param depth how many pictures may come before one that is shown earlier
   * @param frameTicks ticks of one frame, for the first pictures
   * @param after decoding times are above this
   */
  constructor(depth: number, frameTicks: number, after = -1) {
    this.depth = depth;
    this.#frameTicks = frameTicks;
    this.#last = after;
  }

  get last(): number {
    return this.#last;
  }

  /** The earliest presentation time that a key frame may have after a restart. */
  get least(): number {
    return this.#last + 1 + this.depth * this.#frameTicks;
  }

  /** After a step of the presentation times. */
  restart(): void {
    this.#waiting = [];
  }

  /** Undefined when the pictures are more out of order than the depth allows. */
  next(pts: number): number | undefined {
    const wanted = this.depth === 0 ? pts : this.#reordered(pts);
    const dts = Math.max(wanted, this.#last + 1);
    if (dts > pts) return undefined;
    this.#last = dts;
    return dts;
  }

  #reordered(pts: number): number {
    const waiting = this.#waiting;
    if (waiting.length === 0) this.#first = pts;
    const place = waiting.findIndex((other) => other > pts);
    waiting.splice(place < 0 ? waiting.length : place, 0, pts);
    if (waiting.length <= this.depth) {
      return this.#first - (this.depth - waiting.length + 1) * this.#frameTicks;
    }
    return waiting.shift() ?? pts;
  }
}

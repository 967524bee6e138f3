/** How long after the last motion the engine goes on looking, milliseconds. */
const LINGER_MS = 1_000;
/** A clock that goes back by more than this began anew. */
const BACK_MS = 2_000;
/** After so many pictures with motion and no object, the engine looks only this often, milliseconds. */
const BORED = [
  { looks: 40, everyMs: 1_000 },
  { looks: 10, everyMs: 500 },
] as const;

/** Chooses the pictures that are worth looking at. Times are those of the pictures, milliseconds. Pure. */
export class LookGate {
  readonly #interval: number;
  #next = Number.NEGATIVE_INFINITY;
  #motionAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Looks in a row in which nothing was seen. */
  #empty = 0;

  /** @param fps pictures a second that are looked at */
  constructor(fps: number) {
    this.#interval = 1000 / fps;
  }

  /** True for the pictures that keep the wanted rate on average. */
  due(time: number): boolean {
    if (this.#next - time > this.#interval + BACK_MS) this.#next = time;
    // A picture that comes a little early counts: rates of cameras are no multiples of ours.
    if (time < this.#next - this.#interval * 0.1) return false;
    const begun = Number.isFinite(this.#next);
    this.#next = begun
      ? Math.max(this.#next + this.#interval, time + this.#interval / 2)
      : time + this.#interval;
    return true;
  }

  /**
   * True when the engine should look: something moves or moved just now, or something that moved is followed. Leaves in
   * the wind move for hours: where nothing is ever found, the engine looks less often.
   */
  wanted(time: number, moving: boolean, following: boolean): boolean {
    if (time < this.#motionAt - BACK_MS) this.#motionAt = Number.NEGATIVE_INFINITY;
    if (moving) this.#motionAt = Math.max(this.#motionAt, time);
    if (following) return true;
    if (time - this.#motionAt > LINGER_MS) {
      this.#empty = 0;
      return false;
    }
    const pause = BORED.find(({ looks }) => this.#empty >= looks)?.everyMs ?? 0;
    return Math.abs(time - this.#lookedAt) >= pause - this.#interval * 0.1;
  }

  /** The engine looked. @param found anything at all */
  looked(time: number, found: boolean): void {
    this.#lookedAt = time;
    this.#empty = found ? 0 : this.#empty + 1;
  }
}

const MAX_KEYS = 50_000;

/**
 * Counts failures by key in a sliding minute. A try is counted before its outcome is known and given back when it was
 * right, so that many at once get no further than one after the other.
 */
export class Attempts {
  readonly #windowMs: number;
  readonly #times = new Map<string, number[]>();

  constructor(windowMs = 60_000) {
    this.#windowMs = windowMs;
  }

  /** Milliseconds to wait; 0 when the try may go on, and then it is counted. */
  take(key: string, limit: number, now: number): number {
    const recent = (this.#times.get(key) ?? []).filter((time) => time > now - this.#windowMs);
    const oldest = recent[recent.length - limit];
    if (oldest !== undefined) return oldest + this.#windowMs - now;
    recent.push(now);
    this.#times.delete(key);
    this.#times.set(key, recent);
    const [first] = this.#times.keys();
    if (this.#times.size > MAX_KEYS && first !== undefined) this.#times.delete(first);
    return 0;
  }

  giveBack(key: string): void {
    const times = this.#times.get(key);
    times?.pop();
    if (times?.length === 0) this.#times.delete(key);
  }
}

export interface BackoffOptions {
  /** Milliseconds before the first retry and at most. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** A success that lasted this long forgets the failures before it. */
  readonly resetAfterMs: number;
}

/** Capped exponential delays with full jitter between half and the whole of each step. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait after a try that worked for `lastedMs`. `atLeastMs` raises the step, for what must not be hammered. */
  next(lastedMs: number, atLeastMs = 0): number {
    if (lastedMs >= this.#options.resetAfterMs) this.#failures = 0;
    const step = Math.max(atLeastMs, this.#options.firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.min(step, Math.max(this.#options.maxMs, atLeastMs)) * (0.5 + this.#random() / 2);
  }
}

/** Resolves after `ms`, or at once when the signal is or becomes aborted. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

export interface RestartOptions {
  /** Milliseconds before the first start after a death, and at most. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Whoever lived this long is forgiven what came before. */
  readonly forgiveMs: number;
}

const DEFAULTS: RestartOptions = { firstMs: 200, maxMs: 15_000, forgiveMs: 60_000 };

/** How long a child process that died stays away: doubling, capped. */
export class RestartDelay {
  readonly #options: RestartOptions;
  #deaths = 0;

  constructor(options: Partial<RestartOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** @returns milliseconds to wait after a life of `livedMs` */
  next(livedMs: number): number {
    const { firstMs, maxMs, forgiveMs } = this.#options;
    if (livedMs >= forgiveMs) this.#deaths = 0;
    const wait = Math.min(maxMs, firstMs * 2 ** Math.min(this.#deaths, 20));
    this.#deaths += 1;
    return wait;
  }
}

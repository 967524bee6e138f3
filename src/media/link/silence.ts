const TICK_MS = 500;
/** So many ticks without a sign of life mean that the other side is gone: 2 to 2.5 s. */
const PATIENCE = 5;

/**
 * Tells when the other side of a link has been silent for too long. It counts its own ticks: when this process was held
 * up, that is no reproach to the other.
 */
export class SilenceWatch {
  #silent = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param onTick comes every other tick, for one's own sign of life */
  constructor(onSilence: () => void, onTick: () => void) {
    let even = false;
    this.#timer = setInterval(() => {
      this.#silent += 1;
      if (this.#silent >= PATIENCE) {
        this.stop();
        onSilence();
        return;
      }
      even = !even;
      if (even) onTick();
    }, TICK_MS);
  }

  heard(): void {
    this.#silent = 0;
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
  }
}

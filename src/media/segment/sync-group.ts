export interface SyncTarget {
  /** Makes durable what was written so far; never called twice at a time by a group. */
  sync(): Promise<void>;
}

export interface SyncGroupOptions {
  /** Between two rounds. Default 1,000. */
  readonly periodMs?: number;
  /** Files at a time: the others' threads stay free for writing. Default 2. */
  readonly concurrency?: number;
}

/**
 * Makes many files durable in common rounds: a file that was written ten times since the last round costs one
 * fdatasync. A slow disk makes the rounds rarer, it does not pile them up.
 */
export class SyncGroup {
  readonly #periodMs: number;
  readonly #concurrency: number;
  #dirty = new Set<SyncTarget>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  /** Milliseconds that the last round took. */
  lastRoundMs = 0;

  constructor(options: SyncGroupOptions = {}) {
    this.#periodMs = options.periodMs ?? 1_000;
    this.#concurrency = options.concurrency ?? 2;
  }

  mark(target: SyncTarget): void {
    this.#dirty.add(target);
    this.#schedule();
  }

  /** Takes the target out, for one that is closed; a round that has begun may still sync it. */
  forget(target: SyncTarget): void {
    this.#dirty.delete(target);
  }

  /** Makes all that is marked durable now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#round !== undefined || this.#dirty.size > 0) await (this.#round ?? this.#run());
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#round !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#run();
    }, this.#periodMs);
    this.#timer.unref();
  }

  #run(): Promise<void> {
    const targets = [...this.#dirty];
    this.#dirty = new Set();
    const began = performance.now();
    const workers = Array.from({ length: this.#concurrency }, () => drain(targets));
    this.#round = Promise.all(workers).then(() => {
      this.lastRoundMs = performance.now() - began;
      this.#round = undefined;
      if (this.#dirty.size > 0) this.#schedule();
    });
    return this.#round;
  }
}

/** Targets report their own failures; one that fails does not hold the others up. */
async function drain(targets: SyncTarget[]): Promise<void> {
  for (let target = targets.pop(); target !== undefined; target = targets.pop()) {
    await target.sync().catch(() => undefined);
  }
}

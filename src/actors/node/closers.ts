import { type Logger, withDeadline } from '../../mixins/health.ts';

interface Closer {
  readonly what: string;
  readonly close: () => unknown;
}

/** What was opened, to be closed in reverse order, each part with a deadline, whatever the others do. */
export class Closers {
  readonly #closers: Closer[] = [];
  readonly #log: Logger;
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(what: string, close: () => unknown): void {
    this.#closers.push({ what, close });
  }

  /** Idempotent. Never rejects. */
  close(deadlineMs = 10_000): Promise<void> {
    this.#closing ??= this.#run(deadlineMs);
    return this.#closing;
  }

  async #run(deadlineMs: number): Promise<void> {
    for (const { what, close } of this.#closers.toReversed()) {
      try {
        await withDeadline(Promise.resolve(close()), deadlineMs);
      } catch (err) {
        this.#log.error({ err, what }, 'did not close cleanly');
      }
    }
  }
}

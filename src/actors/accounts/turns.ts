import { SightmeshError } from '../../contracts/errors.ts';

/** Lets a few tasks run at a time; a few more wait for their turn, the rest is refused. */
export class Turns {
  readonly #atOnce: number;
  readonly #mayWait: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number, mayWait: number) {
    this.#atOnce = atOnce;
    this.#mayWait = mayWait;
  }

  /** @throws SightmeshError `too_many_requests`; else what the task throws or returns */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#turn();
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Whoever ends hands the turn over, so `#running` stays as it is. */
  #turn(): Promise<void> {
    if (this.#queue.length >= this.#mayWait) {
      throw new SightmeshError('too_many_requests', 'too many logins at once', { retryAfter: 2 });
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }
}

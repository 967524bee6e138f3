import type { Cause, OutageRecord } from '../../store/types.ts';

export interface OutageLogOptions {
  readonly camera: string;
  readonly node: string;
  /** Makes the ids of this log unlike those of all others. */
  readonly key: string;
  /** At the beginning of an outage and again, with the same id, at its end. */
  readonly save: (outage: OutageRecord) => void;
}

/** The outages of one recorder for one kind of reason: one at a time, each one record. Times in milliseconds since 1970. */
export class OutageLog {
  readonly #options: OutageLogOptions;
  #current: OutageRecord | undefined;
  /** When the cause of the current one was told. */
  toldAt = 0;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  get current(): OutageRecord | undefined {
    return this.#current;
  }

  /**
   * Something keeps from recording since `from`. While an outage lasts, the same cause again changes nothing, and
   * another one ends it at `now` and goes on from there.
   */
  begin(cause: Cause, from: number, now: number): void {
    const before = this.#current;
    if (before?.cause === cause) return;
    this.end(now);
    this.toldAt = now;
    this.#current = this.#record(cause, before === undefined ? from : Math.max(now, before.from));
    this.#options.save(this.#current);
  }

  /** Recording goes on at `to`. */
  end(to: number): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    this.#options.save({ ...current, to: Math.round(Math.max(to, current.from)) });
  }

  /** An outage that is known only now that it is over. */
  note(cause: Cause, from: number, to: number): void {
    this.#options.save({ ...this.#record(cause, from), to: Math.round(to) });
  }

  #record(cause: Cause, from: number): OutageRecord {
    const { camera, node, key } = this.#options;
    const begin = Math.round(from);
    return { id: `${camera}/${key}/${String(begin)}-${cause}`, camera, node, from: begin, to: null, cause };
  }
}

import type { Logger } from '../../mixins/health.ts';
import type { Journal, JournalEntry } from '../../store/types.ts';

export interface IndexKeeperOptions {
  readonly journal: Pick<Journal, 'append'>;
  readonly log: Logger;
  readonly camera: string;
  /** A sentence while the index cannot be kept, null when it can again. */
  readonly onProblem: (problem: string | null) => void;
  /** Before what the journal refused is tried again, milliseconds. Default 5,000. */
  readonly retryMs?: number;
}

/**
 * Puts what a recorder knows into the journal without ever making it wait. What the journal refuses is kept in memory,
 * the newest for each id, and tried again: recording goes on.
 */
export class IndexKeeper {
  readonly #options: IndexKeeperOptions;
  readonly #newest = new Map<string, JournalEntry>();
  readonly #refused = new Map<string, JournalEntry>();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #problem = false;

  constructor(options: IndexKeeperOptions) {
    this.#options = options;
  }

  /** @param id of the thing that the entry describes; a later entry with the same id replaces it */
  save(id: string, entry: JournalEntry): void {
    this.#newest.set(id, entry);
    this.#refused.delete(id);
    const running = this.#append(id, entry).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all is in the journal or refused; what was refused gets one more try. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retry();
    while (this.#running.size > 0) await Promise.all(this.#running);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #append(id: string, entry: JournalEntry): Promise<void> {
    try {
      await this.#options.journal.append(entry);
      if (this.#newest.get(id) === entry) this.#newest.delete(id);
      if (this.#refused.size === 0) this.#tell(null);
    } catch (error) {
      if (this.#newest.get(id) !== entry) return;
      this.#refused.set(id, entry);
      this.#tell(error);
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#retry();
      }, this.#options.retryMs ?? 5_000).unref();
    }
  }

  #retry(): void {
    for (const [id, entry] of [...this.#refused]) this.save(id, entry);
  }

  #tell(error: unknown): void {
    const problem = error !== null;
    if (problem === this.#problem) return;
    this.#problem = problem;
    const { log, camera, onProblem } = this.#options;
    if (problem) log.error({ camera, err: error }, 'the index of the recording cannot be written');
    else log.info({ camera }, 'the index of the recording is written again');
    onProblem(problem ? 'The index of the recording cannot be written; the recording itself goes on.' : null);
  }
}

import type { KeyValueChange, MeshLog } from '../types.ts';
import type { Feed, FeedEvents } from './feed.ts';

const AGAIN_MS = 250;

export interface NatsWatchOptions {
  readonly onChange: (change: KeyValueChange) => void;
  readonly open: (events: FeedEvents) => Promise<Feed>;
  readonly log: MeshLog;
}

/**
 * Watches over broken feeds: after each new one only what differs from what was told before is told, also what went away
 * meanwhile (and all that went when a bucket was made again).
 */
export class NatsWatch {
  readonly #options: NatsWatchOptions;
  readonly #told = new Map<string, string>();
  #feed: Feed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: NatsWatchOptions) {
    this.#options = options;
  }

  /** Resolves when all that exists was told. @throws what NATS answers */
  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    // It may break before anybody waits for it.
    promise.catch(() => undefined);
    let isWhole = false;
    await this.#open({
      onWhole: () => {
        isWhole = true;
        resolve(undefined);
      },
      onBroken: (error) => {
        if (isWhole) this.#again(error);
        else reject(error);
      },
    });
    await promise;
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#feed?.close();
  }

  async #open(events: Omit<FeedEvents, 'onChange'>): Promise<void> {
    const seen = new Set<string>();
    let highest = 0;
    let isWhole = false;
    const feed = await this.#options.open({
      ...events,
      onChange: (change, written) => {
        if (this.#stopped) return;
        const key = change.kind === 'put' ? change.entry.key : change.key;
        highest = change.kind === 'put' ? change.entry.revision : change.revision;
        if (!isWhole) seen.add(key);
        this.#tell(change, written);
      },
      onWhole: () => {
        isWhole = true;
        for (const key of this.#told.keys()) {
          if (!seen.has(key)) this.#tell({ kind: 'delete', key, revision: highest }, '');
        }
        seen.clear();
        events.onWhole();
      },
    });
    if (this.#stopped) feed.close();
    else this.#feed = feed;
  }

  #tell(change: KeyValueChange, written: string): void {
    if (change.kind === 'delete') {
      if (this.#told.delete(change.key)) this.#options.onChange(change);
      return;
    }
    const { key } = change.entry;
    if (this.#told.get(key) === written) return;
    this.#told.set(key, written);
    this.#options.onChange(change);
  }

  #again(err: Error): void {
    if (this.#stopped) return;
    this.#options.log.debug({ err }, 'a watch in NATS broke and is begun again');
    this.#timer = setTimeout(() => {
      this.#open({ onWhole: () => undefined, onBroken: (error) => this.#again(error) }).catch(
        (error: unknown) => this.#again(error as Error),
      );
    }, AGAIN_MS);
  }
}

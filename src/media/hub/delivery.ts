export interface DeliveryTarget<Head, Item> {
  head(head: Head): void;
  /** While a returned promise is pending, nothing is delivered. */
  items(batch: readonly Item[]): void | Promise<void>;
  /** A callback threw or its promise rejected; nothing is delivered afterwards. */
  failed(error: unknown): void;
}

type Entry<Head, Item> = { readonly head: Head } | { readonly item: Item; readonly bytes: number };

/**
 * An ordered queue of heads and items that is handed over in batches, one at a time: the consumer's promise holds the
 * next batch back. What is in a batch that is being consumed no longer counts as queued.
 */
export class Delivery<Head, Item> {
  readonly #target: DeliveryTarget<Head, Item>;
  #queue: Entry<Head, Item>[] = [];
  #bytes = 0;
  #scheduled = false;
  #busy = false;
  #closed = false;

  constructor(target: DeliveryTarget<Head, Item>) {
    this.#target = target;
  }

  isClosed(): boolean {
    return this.#closed;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  /** Heads and items. */
  get length(): number {
    return this.#queue.length;
  }

  pushHead(head: Head): void {
    this.#push({ head });
  }

  pushItem(item: Item, bytes: number): void {
    this.#bytes += bytes;
    this.#push({ item, bytes });
  }

  /** Idempotent; what is queued is dropped. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#bytes = 0;
  }

  #push(entry: Entry<Head, Item>): void {
    if (this.#closed) return;
    this.#queue.push(entry);
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (!this.#closed && this.#queue.length > 0 && !this.#busy) {
      const entries = this.#queue;
      this.#queue = [];
      this.#bytes = 0;
      try {
        this.#deliver(entries);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Delivers up to the first promise; the rest goes back to the front of the queue. */
  #deliver(entries: readonly Entry<Head, Item>[]): void {
    let batch: Item[] = [];
    for (let index = 0; index <= entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && 'item' in entry) {
        batch.push(entry.item);
        continue;
      }
      if (batch.length > 0) {
        const pending = this.#target.items(batch);
        batch = [];
        if (pending !== undefined) {
          this.#putBack(entries.slice(index));
          this.#wait(pending);
          return;
        }
      }
      if (this.isClosed()) return;
      if (entry !== undefined) this.#target.head(entry.head);
      if (this.isClosed()) return;
    }
  }

  #putBack(entries: readonly Entry<Head, Item>[]): void {
    if (entries.length === 0 || this.#closed) return;
    this.#queue = [...entries, ...this.#queue];
    for (const entry of entries) if ('item' in entry) this.#bytes += entry.bytes;
  }

  #wait(pending: Promise<void>): void {
    this.#busy = true;
    pending.then(
      () => {
        this.#busy = false;
        this.#drain();
      },
      (error: unknown) => {
        this.#busy = false;
        this.#fail(error);
      },
    );
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#target.failed(error);
  }
}

import { Delivery } from '../hub/delivery.ts';
import type { Fragment } from '../types.ts';
import type { InitSegment } from './init.ts';

export interface FragmentConsumer {
  /** Before the first fragment, and again before the first fragment of each new generation. */
  init(init: InitSegment): void;
  /** While a returned promise is pending, fragments queue up. A throw or rejection closes the reader. */
  fragments(batch: readonly Fragment[]): void | Promise<void>;
  /** The reader was closed by the hub or by its own failure; not called after the consumer's own `close()`. */
  closed?(reason: 'hub_closed' | 'failed', error?: unknown): void;
}

export interface FragmentReaderOptions {
  /** For counters and logs: `recorder`, `mse`, … */
  readonly name: string;
  /** Begin with the cached GOP instead of waiting for the next key frame. Default true. */
  readonly fromCache?: boolean;
  /** Default 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * One consumer of fragments with its own bounded queue. When the queue is full, fragments are dropped and counted up to
 * the next one with a key frame, which is then marked as a discontinuity.
 */
export class FragmentReader {
  readonly name: string;
  /** Fragments this reader lost because it was slow. */
  drops = 0;
  readonly #delivery: Delivery<InitSegment, Fragment>;
  readonly #consumer: FragmentConsumer;
  readonly #maxBytes: number;
  readonly #onClose: (reader: FragmentReader) => void;
  #skipping = true;
  #gap = false;
  #closed = false;

  constructor(
    options: FragmentReaderOptions,
    consumer: FragmentConsumer,
    onClose: (reader: FragmentReader) => void,
  ) {
    this.name = options.name;
    this.#consumer = consumer;
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
    this.#onClose = onClose;
    this.#delivery = new Delivery({
      head: (init) => {
        consumer.init(init);
      },
      items: (batch) => consumer.fragments(batch),
      failed: (error) => {
        this.#end('failed', error);
      },
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get queuedBytes(): number {
    return this.#delivery.queuedBytes;
  }

  /** For the hub. */
  pushInit(init: InitSegment): void {
    if (this.#closed) return;
    this.#skipping = true;
    this.#delivery.pushHead(init);
  }

  /** For the hub. */
  pushFragment(fragment: Fragment): void {
    if (this.#closed) return;
    const full = this.queuedBytes + fragment.bytes > this.#maxBytes && this.#delivery.length > 0;
    if (full || (this.#skipping && !fragment.key)) {
      if (full || this.#gap) this.drops += 1;
      this.#gap ||= full;
      this.#skipping = true;
      return;
    }
    this.#skipping = false;
    this.#delivery.pushItem(this.#gap ? { ...fragment, discontinuity: true } : fragment, fragment.bytes);
    this.#gap = false;
  }

  /** Idempotent; nothing is delivered afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#delivery.close();
    this.#onClose(this);
  }

  /** For the hub: it goes away. */
  hubClosed(): void {
    this.#end('hub_closed');
  }

  #end(reason: 'hub_closed' | 'failed', error?: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#consumer.closed?.(reason, error);
  }
}

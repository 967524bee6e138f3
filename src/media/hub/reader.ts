import type { Packet, StreamHeader } from '../types.ts';

export interface HubConsumer {
  /** Before the first packet, and again before the first packet of each new generation. */
  header(header: StreamHeader): void;
  /** While a returned promise is pending, packets queue up. A throw or rejection closes the reader. */
  packets(batch: readonly Packet[]): void | Promise<void>;
  /** The reader was closed by the hub or by its own failure; not called after the consumer's own `close()`. */
  closed?(reason: 'hub_closed' | 'failed', error?: unknown): void;
}

export interface ReaderOptions {
  /** For counters and logs: `recorder`, `mse`, … */
  readonly name: string;
  /** Begin with the cached GOP instead of waiting for the next key frame. Default true. */
  readonly fromCache?: boolean;
  /** Only these kinds. Default both. */
  readonly kinds?: readonly Packet['kind'][];
  readonly maxBytes?: number;
  readonly maxPackets?: number;
}

type Entry = Packet | StreamHeader;

const isHeader = (entry: Entry): entry is StreamHeader => 'tracks' in entry;

/**
 * One consumer of a hub with its own bounded queue. When the queue is full, packets are dropped and counted up to
 * the next video key frame that fits, which is then marked as a discontinuity.
 */
export class Reader {
  readonly name: string;
  /** Packets this reader lost because it was slow. */
  drops = 0;
  #queue: Entry[] = [];
  #bytes = 0;
  #skipping: boolean;
  #gap = false;
  #scheduled = false;
  #busy = false;
  #closed = false;
  readonly #consumer: HubConsumer;
  readonly #wantsVideo: boolean;
  readonly #wantsAudio: boolean;
  readonly #maxBytes: number;
  readonly #maxPackets: number;
  readonly #onClose: (reader: Reader) => void;

  constructor(
    options: ReaderOptions,
    consumer: HubConsumer,
    hasVideo: boolean,
    onClose: (reader: Reader) => void,
  ) {
    this.name = options.name;
    this.#consumer = consumer;
    this.#wantsVideo = options.kinds?.includes('video') ?? true;
    this.#wantsAudio = options.kinds?.includes('audio') ?? true;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.#maxPackets = options.maxPackets ?? 4_000;
    this.#onClose = onClose;
    this.#skipping = hasVideo && this.#wantsVideo;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  /** For the hub. */
  pushHeader(header: StreamHeader): void {
    if (this.#closed) return;
    this.#skipping = this.#wantsVideo && header.tracks.some((track) => track.kind === 'video');
    this.#queue.push(header);
    this.#schedule();
  }

  /** For the hub. */
  pushPacket(packet: Packet): void {
    if (this.#closed || !(packet.kind === 'video' ? this.#wantsVideo : this.#wantsAudio)) return;
    const full = this.#bytes + packet.data.length > this.#maxBytes || this.#queue.length >= this.#maxPackets;
    if (full && this.#queue.length > 0) {
      this.#skipping = this.#wantsVideo;
      this.#gap = true;
      this.drops += 1;
      return;
    }
    if (this.#skipping) {
      if (packet.kind === 'audio' || !packet.key) {
        if (this.#gap) this.drops += 1;
        return;
      }
      this.#skipping = false;
    }
    this.#queue.push(this.#gap ? { ...packet, discontinuity: true } : packet);
    this.#gap = false;
    this.#bytes += packet.data.length;
    this.#schedule();
  }

  /** Idempotent; nothing is delivered afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#bytes = 0;
    this.#onClose(this);
  }

  /** For the hub: it goes away. */
  hubClosed(): void {
    if (this.#closed) return;
    this.close();
    this.#consumer.closed?.('hub_closed');
  }

  #schedule(): void {
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
  #deliver(entries: Entry[]): void {
    let batch: Packet[] = [];
    for (let index = 0; index <= entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && !isHeader(entry)) {
        batch.push(entry);
        continue;
      }
      if (batch.length > 0) {
        const pending = this.#consumer.packets(batch);
        batch = [];
        if (pending !== undefined) {
          this.#putBack(entries.slice(index));
          this.#wait(pending);
          return;
        }
        if (this.#closed) return;
      }
      if (entry !== undefined) this.#consumer.header(entry);
    }
  }

  #putBack(entries: Entry[]): void {
    if (entries.length === 0) return;
    this.#queue = [...entries, ...this.#queue];
    for (const entry of entries) if (!isHeader(entry)) this.#bytes += entry.data.length;
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
    this.#consumer.closed?.('failed', error);
  }
}

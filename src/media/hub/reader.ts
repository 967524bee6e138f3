import type { Packet, StreamHeader } from '../types.ts';
import { Delivery } from './delivery.ts';

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

/**
 * One consumer of a hub with its own bounded queue. When the queue is full, packets are dropped and counted up to
 * the next video key frame that fits, which is then marked as a discontinuity.
 */
export class Reader {
  readonly name: string;
  /** Packets this reader lost because it was slow. */
  drops = 0;
  readonly #delivery: Delivery<StreamHeader, Packet>;
  #needsKey: boolean;
  #skipping: boolean;
  #gap = false;
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
    this.#needsKey = hasVideo && this.#wantsVideo;
    this.#skipping = this.#needsKey;
    this.#delivery = new Delivery({
      head: (header) => {
        consumer.header(header);
      },
      items: (batch) => consumer.packets(batch),
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
  pushHeader(header: StreamHeader): void {
    if (this.#closed) return;
    this.#needsKey = this.#wantsVideo && header.tracks.some((track) => track.kind === 'video');
    this.#skipping = this.#needsKey;
    this.#delivery.pushHead(header);
  }

  /** For the hub. */
  pushPacket(packet: Packet): void {
    if (this.#closed || !(packet.kind === 'video' ? this.#wantsVideo : this.#wantsAudio)) return;
    if (this.#full(packet)) {
      this.#skipping = this.#needsKey;
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
    this.#delivery.pushItem(this.#gap ? { ...packet, discontinuity: true } : packet, packet.data.length);
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

  #full(packet: Packet): boolean {
    const { length, queuedBytes } = this.#delivery;
    return length > 0 && (queuedBytes + packet.data.length > this.#maxBytes || length >= this.#maxPackets);
  }

  #end(reason: 'hub_closed' | 'failed', error?: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#consumer.closed?.(reason, error);
  }
}

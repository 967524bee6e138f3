import type { Hub } from '../hub/hub.ts';
import type { Reader } from '../hub/reader.ts';
import type { Fragment, Packet, StreamHeader } from '../types.ts';
import { type FragmentConsumer, FragmentReader, type FragmentReaderOptions } from './fragment-reader.ts';
import { Fragmenter } from './fragmenter.ts';
import type { InitSegment } from './init.ts';

export interface FragmentHubStats {
  readonly readers: number;
  /** Fragments lost by slow readers, closed ones included. */
  readonly drops: number;
  readonly fragments: number;
}

const CACHE_BYTES = 16 * 1024 * 1024;
/** A fragment does not wait longer than this for the packet behind it. */
const IDLE_MS = 500;
const HUBS = new WeakMap<Hub, FragmentHub>();

/**
 * The fragments of one hub for several readers, each fragment built once. Works only while somebody reads; a new reader
 * gets the init segment and the fragments since the newest key frame at once.
 */
export class FragmentHub {
  readonly #hub: Hub;
  readonly #readers = new Set<FragmentReader>();
  #fragmenter: Fragmenter | undefined;
  #reader: Reader | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastPacket = 0;
  #waiting = false;
  #init: InitSegment | undefined;
  #cache: Fragment[] = [];
  #cacheBytes = 0;
  #closedDrops = 0;
  #fragments = 0;
  /** Why the stream cannot be put into fragments; null when it can. */
  problem: string | null = null;

  /** The one fragment hub of a hub. */
  static of(hub: Hub): FragmentHub {
    let made = HUBS.get(hub);
    if (made === undefined) {
      made = new FragmentHub(hub);
      HUBS.set(hub, made);
    }
    return made;
  }

  private constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** That of the newest generation; undefined while nobody reads or before the stream is known. */
  get init(): InitSegment | undefined {
    return this.#init;
  }

  get stats(): FragmentHubStats {
    let drops = this.#closedDrops;
    for (const reader of this.#readers) drops += reader.drops;
    return { readers: this.#readers.size, drops, fragments: this.#fragments };
  }

  read(options: FragmentReaderOptions, consumer: FragmentConsumer): FragmentReader {
    const reader = new FragmentReader(options, consumer, (closed) => {
      this.#closedDrops += closed.drops;
      this.#readers.delete(closed);
      if (this.#readers.size === 0) this.#detach();
    });
    this.#readers.add(reader);
    if (this.#init !== undefined) reader.pushInit(this.#init);
    if (options.fromCache ?? true) for (const fragment of this.#cache) reader.pushFragment(fragment);
    if (this.#fragmenter === undefined) this.#attach();
    return reader;
  }

  /** Ends the fragment that is being collected, for whoever stops reading and wants all that came. */
  flush(): void {
    this.#waiting = false;
    this.#fragmenter?.flush();
  }

  #attach(): void {
    const fragmenter = new Fragmenter({
      init: (init) => {
        this.#take(init);
      },
      fragment: (fragment) => {
        this.#publish(fragment);
      },
    });
    this.#fragmenter = fragmenter;
    this.#reader = this.#hub.read(
      { name: 'fragments', maxBytes: CACHE_BYTES * 2 },
      {
        header: (header) => {
          this.#header(fragmenter, header);
        },
        packets: (batch) => {
          this.#packets(fragmenter, batch);
        },
        closed: () => {
          this.#hubClosed();
        },
      },
    );
    this.#idle = setInterval(() => {
      if (this.#waiting && performance.now() - this.#lastPacket > IDLE_MS) this.flush();
    }, IDLE_MS);
    this.#idle.unref();
  }

  #detach(): void {
    clearInterval(this.#idle);
    this.#reader?.close();
    this.#reader = undefined;
    this.#fragmenter = undefined;
    this.#init = undefined;
    this.problem = null;
    this.#clearCache();
  }

  #hubClosed(): void {
    this.flush();
    for (const reader of [...this.#readers]) reader.hubClosed();
  }

  #header(fragmenter: Fragmenter, header: StreamHeader): void {
    this.problem = null;
    this.#clearCache();
    try {
      fragmenter.header(header);
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return;
    }
    if (fragmenter.init === undefined) this.problem = 'the stream has no track that MP4 can carry';
  }

  #packets(fragmenter: Fragmenter, batch: readonly Packet[]): void {
    this.#lastPacket = performance.now();
    this.#waiting = true;
    for (const packet of batch) fragmenter.packet(packet);
  }

  #take(init: InitSegment): void {
    this.#init = init;
    this.#clearCache();
    for (const reader of this.#readers) reader.pushInit(init);
  }

  #publish(fragment: Fragment): void {
    this.#fragments += 1;
    this.#remember(fragment);
    for (const reader of this.#readers) reader.pushFragment(fragment);
  }

  #remember(fragment: Fragment): void {
    if (fragment.key) this.#clearCache();
    else if (this.#cache.length === 0) return;
    this.#cache.push(fragment);
    this.#cacheBytes += fragment.bytes;
    if (this.#cacheBytes > CACHE_BYTES) this.#clearCache();
  }

  #clearCache(): void {
    this.#cache = [];
    this.#cacheBytes = 0;
  }
}

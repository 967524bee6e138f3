import type { Hub } from '../hub/hub.ts';
import type { Reader } from '../hub/reader.ts';
import type { Fragment, Packet, StreamHeader } from '../types.ts';
import { type FragmentConsumer, FragmentReader, type FragmentReaderOptions } from './fragment-reader.ts';
import { Fragmenter } from './fragmenter.ts';
import type { InitSegment } from './init.ts';
import { StorableSound } from './storable-sound.ts';

export interface FragmentHubStats {
  readonly readers: number;
  /** Fragments lost by slow readers, closed ones included. */
  readonly drops: number;
  readonly fragments: number;
}

const CACHE_BYTES = 16 * 1024 * 1024;
/** A fragment does not wait longer than this for the packet behind it. */
const IDLE_MS = 500;
const SOUND_PAUSE_MS = 1_000;
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
  #sound: StorableSound | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastPacket = 0;
  #waiting = false;
  #init: InitSegment | undefined;
  #cache: Fragment[] = [];
  #cacheBytes = 0;
  #closedDrops = 0;
  #fragments = 0;
  #sounds = { last: 0, since: Number.POSITIVE_INFINITY };
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

  /** Milliseconds since the last fragment with sound, or since the stream began. */
  get silentMs(): number {
    return performance.now() - this.#sounds.last;
  }

  /** Milliseconds for which sound has come without a pause of a second; 0 when there was none yet. */
  get soundMs(): number {
    return Math.max(0, this.#sounds.last - this.#sounds.since);
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
    this.#sound = new StorableSound(this.#hub.aac, (packet) => {
      this.#packets(fragmenter, [packet]);
    });
    this.#reader = this.#hub.read(
      { name: 'fragments', maxBytes: CACHE_BYTES * 2 },
      {
        header: (header) => {
          this.#header(fragmenter, header);
        },
        packets: (batch) => {
          this.#packets(
            fragmenter,
            batch.filter((packet) => this.#sound?.take(packet) !== true),
          );
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
    this.#sound?.close();
    this.#sound = undefined;
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
      fragmenter.header(this.#sound?.header(header) ?? header);
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
    this.#sounds = { last: performance.now(), since: Number.POSITIVE_INFINITY };
    this.#clearCache();
    for (const reader of this.#readers) reader.pushInit(init);
  }

  #publish(fragment: Fragment): void {
    this.#fragments += 1;
    if (fragment.tfdt.length > Math.min(1, fragment.videoSamples)) this.#heard();
    this.#remember(fragment);
    for (const reader of this.#readers) reader.pushFragment(fragment);
  }

  #heard(): void {
    const now = performance.now();
    const since = this.silentMs > SOUND_PAUSE_MS ? now : Math.min(now, this.#sounds.since);
    this.#sounds = { last: now, since };
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

import type { Packet, SourcePacket, SourceSink, StreamHeader, Track } from '../types.ts';
import { GopCache } from './gop-cache.ts';
import type { AacTranscoderFactory } from '../transcode/types.ts';
import { type HubConsumer, Reader, type ReaderOptions } from './reader.ts';

export interface HubOptions {
  /** For sound that fragments cannot carry; absent: such a stream is stored without sound. */
  readonly aac?: AacTranscoderFactory | undefined;
}

export interface HubStats {
  readonly readers: number;
  /** Packets lost by slow readers, closed ones included. */
  readonly drops: number;
  readonly packets: number;
  readonly bytes: number;
  /** Milliseconds since the last packet by the monotonic clock; Infinity before the first. */
  readonly lastPacketAgeMs: number;
  /** Measured over the last few seconds. */
  readonly kbps: number;
  readonly fps: number;
}

/** How one source feeds the hub; what it still delivers after another one was opened is ignored. */
export interface HubSink extends Required<SourceSink> {
  /** The source is over. Does nothing when another one feeds the hub by now. */
  end(): void;
}

const RATE_WINDOW_MS = 4_000;

/**
 * The place where the packets of one stream fan out. A slow reader never slows the source or another reader.
 * Everything is synchronous: a packet costs one object and one push per reader.
 */
export class Hub {
  readonly id: string;
  readonly aac: AacTranscoderFactory | undefined;
  #header: StreamHeader | undefined;
  #session = 0;
  #generation = 0;
  #seq: number[] = [];
  #sessionOpen = false;
  readonly #cache = new GopCache();
  readonly #readers = new Set<Reader>();
  #closedDrops = 0;
  #packets = 0;
  #bytes = 0;
  #lastPacket = Number.NEGATIVE_INFINITY;
  #rate = { since: 0, bytes: 0, frames: 0, kbps: 0, fps: 0 };

  /** @param id `<camera id>/<stream>` */
  constructor(id: string, options: HubOptions = {}) {
    this.id = id;
    this.aac = options.aac;
  }

  /** Undefined until the first header came. */
  get header(): StreamHeader | undefined {
    return this.#header;
  }

  /** True while a source feeds the hub. */
  get live(): boolean {
    return this.#sessionOpen && this.#header !== undefined;
  }

  get gop(): readonly Packet[] {
    return this.#cache.packets;
  }

  /** Begins a session; what an earlier sink still delivers is ignored from now on. */
  open(): HubSink {
    this.#begin();
    let session = this.#session;
    let started = false;
    let waiting = false;
    return {
      header: (header) => {
        if (session !== this.#session) return;
        if (waiting) {
          this.#begin();
          session = this.#session;
          waiting = false;
        }
        if (!this.#sessionOpen) return;
        started = true;
        this.#setTracks(header.tracks);
      },
      packet: (packet) => {
        if (session === this.#session && this.#sessionOpen && started) this.#publish(packet);
      },
      interrupted: () => {
        if (session !== this.#session || !this.#sessionOpen) return;
        this.end();
        started = false;
        waiting = true;
      },
      end: () => {
        waiting = false;
        if (session === this.#session) this.end();
      },
    };
  }

  /** The session is over: the cache no longer shows the present. Readers stay and wait for the next one. */
  end(): void {
    this.#sessionOpen = false;
    this.#cache.clear();
  }

  read(options: ReaderOptions, consumer: HubConsumer): Reader {
    const hasVideo = this.#header?.tracks.some((track) => track.kind === 'video') ?? true;
    const reader = new Reader(options, consumer, hasVideo, (closed) => {
      this.#closedDrops += closed.drops;
      this.#readers.delete(closed);
    });
    this.#readers.add(reader);
    if (this.#header !== undefined && this.#sessionOpen) {
      reader.pushHeader(this.#header);
      if (options.fromCache ?? true) for (const packet of this.#cache.packets) reader.pushPacket(packet);
    }
    return reader;
  }

  /** Ends the session and closes every reader. */
  close(): void {
    this.end();
    for (const reader of [...this.#readers]) reader.hubClosed();
  }

  get stats(): HubStats {
    let drops = this.#closedDrops;
    for (const reader of this.#readers) drops += reader.drops;
    return {
      readers: this.#readers.size,
      drops,
      packets: this.#packets,
      bytes: this.#bytes,
      lastPacketAgeMs: performance.now() - this.#lastPacket,
      kbps: this.#sessionOpen ? this.#rate.kbps : 0,
      fps: this.#sessionOpen ? this.#rate.fps : 0,
    };
  }

  /** Names and losses of the present readers, for status and metrics. */
  get readers(): readonly { name: string; drops: number; queuedBytes: number }[] {
    return [...this.#readers].map(({ name, drops, queuedBytes }) => ({ name, drops, queuedBytes }));
  }

  #begin(): void {
    this.#session += 1;
    this.#sessionOpen = true;
    this.#seq = [];
  }

  #setTracks(tracks: readonly Track[]): void {
    this.#generation += 1;
    this.#header = { session: this.#session, generation: this.#generation, tracks };
    this.#cache.clear();
    for (const reader of this.#readers) reader.pushHeader(this.#header);
  }

  #publish(source: SourcePacket): void {
    const seq = (this.#seq[source.track] ?? -1) + 1;
    this.#seq[source.track] = seq;
    const packet: Packet = {
      track: source.track,
      kind: source.kind,
      pts: source.pts,
      dts: source.dts,
      time: source.time,
      seq,
      session: this.#session,
      generation: this.#generation,
      discontinuity: source.discontinuity,
      key: source.key,
      data: source.data,
    };
    this.#packets += 1;
    this.#bytes += source.data.length;
    this.#measure(source);
    this.#cache.push(packet);
    for (const reader of this.#readers) reader.pushPacket(packet);
  }

  #measure(packet: SourcePacket): void {
    const now = performance.now();
    this.#lastPacket = now;
    const rate = this.#rate;
    if (rate.since === 0) rate.since = now;
    rate.bytes += packet.data.length;
    if (packet.kind === 'video') rate.frames += 1;
    const elapsed = now - rate.since;
    if (elapsed >= RATE_WINDOW_MS) {
      rate.kbps = Math.round((rate.bytes * 8) / elapsed);
      rate.fps = Math.round((rate.frames * 10_000) / elapsed) / 10;
      rate.since = now;
      rate.bytes = 0;
      rate.frames = 0;
    }
  }
}

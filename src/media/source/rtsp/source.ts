import { type Clock, nodeClock } from '../../timeline.ts';
import { type Source, SourceError, type SourceSink, type SourceStats } from '../../types.ts';
import type { SourceState } from '../base.ts';
import { RtspConnection } from './connection.ts';
import { describe, play, Redirect, type RtspSession, setUpTracks } from './handshake.ts';
import { MediaSession } from './media-session.ts';
import { parseRtspUrl, type RtspAddress } from './url.ts';

export interface RtspSourceOptions {
  /** `rtsp://`, with or without credentials. */
  readonly url: string;
  /** Instead of those in the address. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Milliseconds until the camera must have agreed to play. Default 10,000. */
  readonly openTimeoutMs?: number;
  /** Milliseconds without a video packet after which the camera counts as stalled. Default 8,000. */
  readonly readTimeoutMs?: number;
  /** `live` comes with the first picture. */
  readonly onState?: (state: SourceState) => void;
  /** Sentences about tracks that are not used. */
  readonly onNotes?: (notes: readonly string[]) => void;
  readonly clock?: Clock;
}

const OPEN_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 8_000;
/** Packets come, but never a whole picture with its parameter sets. */
const FIRST_PICTURE_TIMEOUT_MS = 60_000;
const TICK_MS = 1_000;
const REPORT_TICKS = 5;
const MAX_REDIRECTS = 3;

/** An RTSP camera over TCP. Used once. */
export function createRtspSource(options: RtspSourceOptions): Source {
  return new RtspSource(options);
}

class RtspSource implements Source {
  readonly stats: SourceStats = { bytes: 0, packets: 0, lost: 0, malformed: 0 };
  readonly #options: RtspSourceOptions;
  #connection: RtspConnection | undefined;
  #session: RtspSession | undefined;
  #media: MediaSession | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #opening: NodeJS.Timeout | undefined;
  #done = false;
  #settle: { resolve: () => void; reject: (error: SourceError) => void } | undefined;
  #ticks = 0;
  #seenPackets = -1;
  #seenAt = 0;
  #playingSince = 0;
  #live = false;

  constructor(options: RtspSourceOptions) {
    this.#options = options;
  }

  run(sink: SourceSink): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#done) {
        resolve();
        return;
      }
      this.#settle = { resolve, reject };
      const limit = this.#options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
      this.#opening = setTimeout(() => {
        const seconds = String(Math.round(limit / 1000));
        this.#end(new SourceError('open_timeout', `The camera did not answer within ${seconds} s.`));
      }, limit);
      this.#open(sink).catch((error: unknown) => {
        this.#end(error instanceof SourceError ? error : unexpected(error));
      });
    });
  }

  close(): void {
    this.#end(undefined);
  }

  async #open(sink: SourceSink): Promise<void> {
    let address = parseRtspUrl(this.#options.url);
    const first = address;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      this.#options.onState?.('connecting');
      const connection = this.#connect(address, address.host === first.host ? first : undefined);
      await connection.open();
      this.#options.onState?.('describing');
      const described = await describe(connection, address.url);
      if (!(described instanceof Redirect)) {
        if (described.choice.notes.length > 0) this.#options.onNotes?.(described.choice.notes);
        this.#options.onState?.('starting');
        const session = await setUpTracks(connection, described);
        // Packets may come before PLAY is answered: be ready first.
        this.#session = session;
        this.#media = new MediaSession(session.choice, sink, this.stats, this.#options.clock ?? nodeClock);
        await play(connection, session);
        this.#start();
        return;
      }
      connection.close();
      address = parseRtspUrl(described.location);
    }
    throw new SourceError('protocol', 'The camera redirects without end.');
  }

  #connect(address: RtspAddress, secrets: RtspAddress | undefined): RtspConnection {
    const username = this.#options.username ?? secrets?.username;
    const password = this.#options.password ?? secrets?.password ?? '';
    const connection: RtspConnection = new RtspConnection(
      {
        host: address.host,
        port: address.port,
        ...(secrets === undefined || username === undefined || username === ''
          ? {}
          : { credentials: { username, password } }),
      },
      {
        frame: (channel, data, start, end) => {
          this.#onFrame(channel, data, start, end);
        },
        garbage: () => {
          this.stats.malformed += 1;
        },
        ended: (error) => {
          if (this.#connection === connection) this.#end(error);
        },
      },
    );
    this.#connection = connection;
    return connection;
  }

  #start(): void {
    if (this.#done) return;
    clearTimeout(this.#opening);
    this.#playingSince = performance.now();
    this.#seenAt = this.#playingSince;
    this.#ticker = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  #onFrame(channel: number, data: Buffer, start: number, end: number): void {
    const media = this.#media;
    if (media === undefined || this.#done) return;
    const use = this.#session?.channels.get(channel);
    if (use === undefined) {
      this.stats.malformed += 1;
      return;
    }
    this.stats.bytes += end - start;
    if (use.rtcp) media.rtcp(use.kind, data, start, end);
    else media.rtp(use.kind, data, start, end);
    if (!this.#live && media.pictures > 0) {
      this.#live = true;
      this.#options.onState?.('live');
    }
  }

  #tick(): void {
    const media = this.#media;
    const session = this.#session;
    if (media === undefined || session === undefined) return;
    this.#ticks += 1;
    const now = performance.now();
    const limit = this.#options.readTimeoutMs ?? READ_TIMEOUT_MS;
    if (media.videoPackets !== this.#seenPackets) {
      this.#seenPackets = media.videoPackets;
      this.#seenAt = now;
    } else if (now - this.#seenAt >= limit - TICK_MS / 2) {
      const seconds = String(Math.round(limit / 1000));
      this.#end(
        new SourceError('stalled', `The camera is connected, but has sent no picture for ${seconds} s.`),
      );
      return;
    }
    if (media.pictures === 0 && now - this.#playingSince > FIRST_PICTURE_TIMEOUT_MS) {
      this.#end(
        new SourceError(
          'no_media',
          'The camera sends packets, but in a minute no picture that can be decoded: set its key-frame interval to 1 or 2 s.',
        ),
      );
      return;
    }
    if (this.#ticks % REPORT_TICKS === 0) this.#report(session, media);
    const every = Math.max(5, Math.min(30, Math.floor(session.timeoutSeconds / 2)));
    if (this.#ticks % every === 0) this.#keepAlive(session);
  }

  #report(session: RtspSession, media: MediaSession): void {
    for (const [channel, use] of session.channels) {
      const report = use.rtcp ? media.report(use.kind) : undefined;
      if (report !== undefined) this.#connection?.sendFrame(channel, report);
    }
  }

  #keepAlive(session: RtspSession): void {
    // Whether it is answered does not matter: what counts is that packets come.
    this.#connection?.request(session.keepAliveMethod, session.url).catch(() => undefined);
  }

  #end(error: SourceError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#opening);
    clearInterval(this.#ticker);
    this.#connection?.close(this.#session?.url);
    if (error === undefined) this.#settle?.resolve();
    else this.#settle?.reject(error);
  }
}

function unexpected(error: unknown): SourceError {
  return new SourceError('protocol', 'The conversation with the camera failed unexpectedly.', {
    cause: error,
  });
}

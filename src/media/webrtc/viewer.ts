import { networkInterfaces } from 'node:os';
import type { types } from 'mediasoup';
import { isNearAddress } from './addresses.ts';
import type { RtpFeed } from './feed.ts';
import { type Frame, PACE_FAR, PACE_NEAR, PacedSender, planBurst } from './gop-burst.ts';
import type { LiveStream } from './live-stream.ts';

export interface ViewerOptions {
  readonly id: string;
  readonly transport: types.WebRtcTransport;
  readonly stream: LiveStream;
  readonly onClose: (viewer: Viewer) => void;
}

const CONNECT_MS = 20_000;
/** Most viewers are near; for the others a burst takes its time, and their line may be thin. */
const MAX_BURST_NEAR = 16 * 1024 * 1024;
const MAX_BURST_FAR = 4 * 1024 * 1024;
/** How long the own producer of a viewer outlives the hand-over. */
const LINGER_MS = 2_000;

/** One viewing session: a transport, what it consumes, and the burst with which it begins. */
export class Viewer {
  readonly id: string;
  readonly stream: LiveStream;
  readonly transport: types.WebRtcTransport;
  readonly #onClose: (viewer: Viewer) => void;
  readonly #releases: (() => void)[] = [];
  #start: (() => void) | undefined;
  #deadline: NodeJS.Timeout;
  #closed = false;

  constructor(options: ViewerOptions) {
    this.id = options.id;
    this.stream = options.stream;
    this.transport = options.transport;
    this.#onClose = options.onClose;
    this.#deadline = setTimeout(() => this.close(), CONNECT_MS);
    this.#deadline.unref();
    this.transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#connected();
      else if (state === 'failed' || state === 'closed') this.close();
    });
    this.transport.on('icestatechange', (state) => {
      if (state === 'disconnected' || state === 'closed') this.close();
    });
    this.transport.observer.once('close', () => this.close());
  }

  /** Something to give back when the session ends. */
  onEnd(release: () => void): void {
    if (this.#closed) release();
    else this.#releases.push(release);
  }

  /**
   * Begins with the cached GOP on a producer of the viewer's own, as soon as it is connected.
   *
   * @param handOver end at the next key frame, which the viewer gets from the shared producer
   */
  burst(feed: RtpFeed, handOver: boolean): void {
    this.onEnd(() => feed.close());
    this.#start = () => this.#runBurst(feed, handOver);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.transport.close();
    for (const release of this.#releases) release();
    this.#onClose(this);
  }

  #connected(): void {
    clearTimeout(this.#deadline);
    this.#start?.();
    this.#start = undefined;
  }

  #runBurst(feed: RtpFeed, handOver: boolean): void {
    const remote = this.transport.iceSelectedTuple;
    const near = remote?.remoteIp !== undefined && isNearAddress(remote.remoteIp, networkInterfaces());
    const sender = new PacedSender(
      (timestamp, payload, marker) => feed.send(timestamp, payload, marker),
      near ? PACE_NEAR : PACE_FAR,
    );
    const plan = planBurst(this.stream.gop, near ? MAX_BURST_NEAR : MAX_BURST_FAR);
    let waiting = plan.waitForKey;
    for (const frame of plan.frames) sender.push(frame);
    const end = this.stream.subscribe((frame: Frame) => {
      if (frame.key && handOver) {
        end();
        this.#linger(feed);
        return;
      }
      if (waiting && !frame.key) return;
      waiting = !sender.push(frame);
    });
    this.onEnd(() => {
      end();
      sender.close();
    });
  }

  #linger(feed: RtpFeed): void {
    const timer = setTimeout(() => feed.close(), LINGER_MS);
    timer.unref();
    this.onEnd(() => clearTimeout(timer));
  }
}

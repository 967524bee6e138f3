import type { Hub } from '../../media/hub/hub.ts';
import { type Source, SourceError, type SourceErrorCode } from '../../media/types.ts';
import { Backoff, delay } from '../../mixins/backoff.ts';
import { type CameraSignal, type CameraView, IDLE, leastDelayMs, nextView } from './camera.state.ts';

export interface StreamRunnerOptions {
  readonly hub: Hub;
  /** A fresh source for each try. */
  makeSource(): Source;
  onChange(view: CameraView): void;
  /** Each end that was not asked for, for the log. */
  onEnd?(error: unknown): void;
}

interface Ended {
  /** Undefined when the end was asked for. */
  readonly code: SourceErrorCode | undefined;
  readonly message: string;
  /** Milliseconds since the first packet. */
  readonly lastedMs: number;
}

/**
 * Keeps one stream of a camera connected. Sources are thrown away when they end and made again after a capped,
 * jittered pause; this is the only place that retries.
 */
export class StreamRunner {
  readonly #options: StreamRunnerOptions;
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff({ firstMs: 300, maxMs: 20_000, resetAfterMs: 20_000 });
  #source: Source | undefined;
  #wake = new AbortController();
  #view: CameraView = IDLE;
  #lostBefore = 0;
  #lastCode: SourceErrorCode | undefined;
  #repeats = 0;
  #done: Promise<void> | undefined;

  constructor(options: StreamRunnerOptions) {
    this.#options = options;
  }

  get view(): CameraView {
    return this.#view;
  }

  /** RTP packets that never came, over all connections. */
  get lost(): number {
    return this.#lostBefore + (this.#source?.stats.lost ?? 0);
  }

  start(): void {
    this.#done ??= this.#loop();
  }

  /** Drops the connection, if any, and connects again at once. */
  reconnect(): void {
    this.#source?.close();
    this.#wake.abort();
  }

  /** Idempotent. Resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    this.#source?.close();
    await this.#done;
  }

  async #loop(): Promise<void> {
    while (!this.#stopping()) {
      this.#signal({ kind: 'connect' });
      const ended = await this.#once();
      if (this.#stopping()) break;
      this.#wake = new AbortController();
      if (ended.code !== undefined) {
        this.#signal({ kind: 'ended', code: ended.code, message: ended.message });
        await delay(this.#backoff.next(ended.lastedMs, this.#leastDelay(ended.code)), this.#wake.signal);
      }
    }
    this.#signal({ kind: 'stop' });
  }

  #leastDelay(code: SourceErrorCode): number {
    this.#repeats = code === this.#lastCode ? this.#repeats + 1 : 0;
    this.#lastCode = code;
    return leastDelayMs(code, this.#repeats);
  }

  #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #once(): Promise<Ended> {
    const { hub } = this.#options;
    const inner = hub.open();
    let liveSince = Number.POSITIVE_INFINITY;
    let code: SourceErrorCode | undefined;
    let message = '';
    try {
      this.#source = this.#options.makeSource();
      await this.#source.run({
        header: (header) => inner.header(header),
        packet: (packet) => {
          if (liveSince === Number.POSITIVE_INFINITY) {
            liveSince = performance.now();
            this.#lastCode = undefined;
            this.#signal({ kind: 'live' });
          }
          inner.packet(packet);
        },
        interrupted: () => inner.interrupted(),
      });
    } catch (error) {
      const known = error instanceof SourceError;
      code = known ? error.code : 'protocol';
      message = known ? error.message : 'The conversation with the camera failed unexpectedly.';
      this.#options.onEnd?.(error);
    } finally {
      inner.end();
      this.#lostBefore += this.#source?.stats.lost ?? 0;
      this.#source = undefined;
    }
    return { code, message, lastedMs: Math.max(0, performance.now() - liveSince) };
  }

  #signal(signal: CameraSignal): void {
    const next = nextView(this.#view, signal);
    if (next.state === this.#view.state && next.message === this.#view.message) return;
    this.#view = next;
    this.#options.onChange(next);
  }
}

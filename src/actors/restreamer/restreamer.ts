import { SightmeshError } from '../../contracts/errors.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { LiveCamera, type LiveResult, type WhepResult } from '../../media/webrtc/live-camera.ts';
import type { OpusTranscoderFactory } from '../../media/webrtc/live-audio.ts';
import type { WebRtcPool } from '../../media/webrtc/pool.ts';

export type RestreamerParts = Pick<NodeContext, 'log' | 'nodeId' | 'hubs'> & {
  readonly pool: Pick<WebRtcPool, 'choose'>;
  /** Absent: cameras with AAC are shown without sound. */
  readonly opus?: OpusTranscoderFactory | undefined;
};

const MAX_NOTED = 1_000;

/** The WebRTC of one camera on this node, over the deaths of mediasoup workers. */
export class Restreamer {
  readonly camera: string;
  readonly #parts: RestreamerParts;
  readonly #sessions = new Set<string>();
  #live: LiveCamera | undefined;
  #idleSince = performance.now();
  #closed = false;

  constructor(parts: RestreamerParts, camera: string) {
    this.#parts = parts;
    this.camera = camera;
  }

  get viewers(): number {
    return this.#present()?.viewers ?? 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Milliseconds without a viewer, as far as `sweep` has seen. */
  get idleMs(): number {
    return this.viewers > 0 ? 0 : performance.now() - this.#idleSince;
  }

  /**
   * The present one, or a new one on the least loaded worker.
   *
   * @throws SightmeshError `webrtc_unavailable`
   */
  async live(): Promise<LiveCamera> {
    this.#idleSince = performance.now();
    const present = this.#present();
    if (present !== undefined) return present;
    const worker = await this.#parts.pool.choose();
    if (this.#closed) throw new SightmeshError('unavailable');
    const other = this.#present();
    if (other !== undefined) return other;
    this.#live?.close();
    const { hubs, opus } = this.#parts;
    this.#live = new LiveCamera({ camera: this.camera, hubs, worker, transcoder: opus });
    return this.#live;
  }

  #present(): LiveCamera | undefined {
    return this.#live?.closed === false ? this.#live : undefined;
  }

  /** @throws SightmeshError as `LiveCamera.whep`, or `webrtc_unavailable` */
  async whep(offer: string, stream: string): Promise<WhepResult> {
    return this.#note(await (await this.live()).whep(offer, stream));
  }

  /** @throws SightmeshError as `LiveCamera.live`, or `webrtc_unavailable` */
  async offer(...wanted: Parameters<LiveCamera['live']>): Promise<LiveResult> {
    return this.#note(await (await this.live()).live(...wanted));
  }

  /**
   * Ends a session; one that has ended by itself is no error, since a viewer that leaves is often seen before it says so.
   *
   * @throws SightmeshError `session_not_found`
   */
  hangUp(session: string): void {
    if (this.#live?.hangUp(session) === true || this.#sessions.delete(session)) return;
    throw new SightmeshError('session_not_found');
  }

  #note<R extends { readonly session: string }>(result: R): R {
    this.#sessions.add(result.session);
    const oldest = this.#sessions.size > MAX_NOTED ? this.#sessions.values().next().value : undefined;
    if (oldest !== undefined) this.#sessions.delete(oldest);
    return result;
  }

  /** Gives back what nobody watches. To be called every few seconds. */
  sweep(): void {
    if (this.viewers > 0) this.#idleSince = performance.now();
    this.#live?.sweep();
  }

  /** Idempotent. Ends every session. */
  close(): void {
    this.#closed = true;
    this.#live?.close();
  }
}

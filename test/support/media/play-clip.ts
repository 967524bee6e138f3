import type { Hub } from '../../../src/media/hub/hub.ts';
import type { SourcePacket } from '../../../src/media/types.ts';
import type { Clip } from './clip.ts';

/** Plays a clip into a hub in real time and over again, with times that go on. */
export class PlayedClip {
  /** Video frames that went into the hub. */
  frames = 0;
  readonly #clip: Clip;
  readonly #sink: ReturnType<Hub['open']>;
  readonly #hub: Hub;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #startTime = Date.now();
  readonly #loopMs: number;
  #next = 0;

  /** @param loopMs length of the clip, milliseconds */
  constructor(hub: Hub, clip: Clip, loopMs: number) {
    this.#hub = hub;
    this.#clip = clip;
    this.#loopMs = loopMs;
    this.#sink = hub.open();
    this.#sink.header({ tracks: clip.tracks });
    this.#timer = setInterval(() => this.#play(), 5);
    this.#play();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#hub.end();
  }

  #play(): void {
    for (;;) {
      const { packets } = this.#clip;
      const packet = packets[this.#next % packets.length];
      if (packet === undefined) return;
      const loop = Math.floor(this.#next / packets.length);
      const dueMs = loop * this.#loopMs + (packet.dts * 1000) / this.#timebase(packet);
      if (dueMs > performance.now() - this.#startedAt) return;
      this.#send(packet, loop);
      this.#next += 1;
    }
  }

  #send(packet: SourcePacket, loop: number): void {
    const timebase = this.#timebase(packet);
    const shift = Math.round((loop * this.#loopMs * timebase) / 1000);
    const [pts, dts] = [packet.pts + shift, packet.dts + shift];
    if (packet.kind === 'video') this.frames += 1;
    this.#sink.packet({ ...packet, pts, dts, time: this.#startTime + (pts * 1000) / timebase });
  }

  #timebase(packet: SourcePacket): number {
    return this.#clip.tracks[packet.track]?.timebase ?? 1;
  }
}

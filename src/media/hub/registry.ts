import type { AacTranscoderFactory } from '../transcode/types.ts';
import { Hub, type HubOptions } from './hub.ts';

/** The hubs of this node by `<camera>/<stream>`. A hub outlives the source that feeds it, so that readers may stay. */
export class HubRegistry {
  readonly #hubs = new Map<string, Hub>();
  #options: HubOptions = {};

  /** How hubs made from now on get sound that MP4 can carry. */
  transcodeSound(aac: AacTranscoderFactory): void {
    this.#options = { aac };
  }

  /** The hub, made when there is none yet. */
  ensure(camera: string, stream: string): Hub {
    const id = `${camera}/${stream}`;
    let hub = this.#hubs.get(id);
    if (hub === undefined) {
      hub = new Hub(id, this.#options);
      this.#hubs.set(id, hub);
    }
    return hub;
  }

  get(camera: string, stream: string): Hub | undefined {
    return this.#hubs.get(`${camera}/${stream}`);
  }

  /** As `get`; a camera that has no such stream is seen by its main one. */
  resolve(camera: string, stream: string): Hub | undefined {
    return this.get(camera, stream) ?? this.get(camera, 'main');
  }

  /** Closes one hub and with it its readers. */
  removeStream(camera: string, stream: string): void {
    const hub = this.get(camera, stream);
    hub?.close();
    this.#hubs.delete(`${camera}/${stream}`);
  }

  /** Closes the hubs of a camera and with them their readers. */
  remove(camera: string): void {
    for (const [id, hub] of this.#hubs) {
      if (!id.startsWith(`${camera}/`)) continue;
      hub.close();
      this.#hubs.delete(id);
    }
  }

  all(): readonly Hub[] {
    return [...this.#hubs.values()];
  }
}

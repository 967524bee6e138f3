import { Hub } from './hub.ts';

/** The hubs of this node by `<camera>/<stream>`. A hub outlives the source that feeds it, so that readers may stay. */
export class HubRegistry {
  readonly #hubs = new Map<string, Hub>();

  /** The hub, made when there is none yet. */
  ensure(camera: string, stream: string): Hub {
    const id = `${camera}/${stream}`;
    let hub = this.#hubs.get(id);
    if (hub === undefined) {
      hub = new Hub(id);
      this.#hubs.set(id, hub);
    }
    return hub;
  }

  get(camera: string, stream: string): Hub | undefined {
    return this.#hubs.get(`${camera}/${stream}`);
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

import type { HubRegistry } from '../hub/registry.ts';
import { type MseLimits, MseSession, type MseSocket } from './session.ts';

export interface MseStats {
  readonly viewers: number;
  /** Fragments lost by slow viewers and bytes sent, closed sessions included. */
  readonly drops: number;
  readonly bytes: number;
}

/** The viewers by Media Source Extensions of this node. */
export class MseServer {
  readonly #hubs: HubRegistry;
  readonly #limits: Partial<MseLimits>;
  readonly #sessions = new Set<MseSession>();
  #drops = 0;
  #bytes = 0;

  constructor(hubs: HubRegistry, limits: Partial<MseLimits> = {}) {
    this.#hubs = hubs;
    this.#limits = limits;
  }

  /** Shows a stream of a camera until the socket closes. A camera without the stream shows its main one. */
  serve(camera: string, stream: string, socket: MseSocket): MseSession {
    const session = new MseSession({
      hub: () => this.#hubs.resolve(camera, stream),
      socket,
      limits: this.#limits,
      onClose: (closed) => {
        this.#drops += closed.drops;
        this.#bytes += closed.sentBytes;
        this.#sessions.delete(closed);
      },
    });
    if (!session.closed) this.#sessions.add(session);
    return session;
  }

  get stats(): MseStats {
    let [drops, bytes] = [this.#drops, this.#bytes];
    for (const session of this.#sessions) {
      drops += session.drops;
      bytes += session.sentBytes;
    }
    return { viewers: this.#sessions.size, drops, bytes };
  }

  /** Idempotent. Ends every session. */
  close(): void {
    for (const session of [...this.#sessions]) session.close();
  }
}

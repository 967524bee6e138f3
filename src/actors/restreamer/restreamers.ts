import type { ServiceSchema } from 'moleculer';
import { SightmeshError } from '../../contracts/errors.ts';
import { createRestreamerActor } from './restreamer.actor.ts';
import { Restreamer, type RestreamerParts } from './restreamer.ts';

/** Starts and ends actors on this node, one at a time per name. */
export interface ActorSpawner {
  spawn(
    actor: { readonly name: string; readonly epoch: number; readonly revision: string },
    factory: (onReady: (error?: unknown) => void) => ServiceSchema,
  ): Promise<void>;
  end(name: string): Promise<void>;
}

export type RestreamersParts = RestreamerParts & {
  readonly spawner: ActorSpawner;
  /** A restreamer without viewers goes away after this long, milliseconds. Default 30,000. */
  readonly idleMs?: number;
};

const SWEEP_EVERY_MS = 5_000;

export const restreamerName = (camera: string): string => `restreamer.${camera}`;

/**
 * The restreamers of this node. They are soft state: made when somebody wants to watch, without waiting for their actor
 * to be known in the mesh, and gone some time after the last viewer.
 */
export class Restreamers {
  readonly #parts: RestreamersParts;
  readonly #all = new Map<string, Restreamer>();
  readonly #spawned = new WeakSet<Restreamer>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: RestreamersParts) {
    this.#parts = parts;
  }

  get viewers(): number {
    return [...this.#all.values()].reduce((sum, restreamer) => sum + restreamer.viewers, 0);
  }

  /** The cameras that have one. */
  get cameras(): readonly string[] {
    return [...this.#all.keys()];
  }

  get(camera: string): Restreamer | undefined {
    return this.#all.get(camera);
  }

  /**
   * What shows a stream of a camera, made and its actor spawned when there is none yet.
   *
   * @throws SightmeshError `camera_offline`, `webrtc_unavailable`, `unavailable`
   */
  async open(camera: string, stream: string): Promise<Restreamer> {
    if (this.#closed) throw new SightmeshError('unavailable');
    if (this.#parts.hubs.resolve(camera, stream)?.live !== true) throw new SightmeshError('camera_offline');
    const restreamer = this.#ensure(camera);
    await restreamer.live();
    this.#spawn(restreamer);
    return restreamer;
  }

  #ensure(camera: string): Restreamer {
    const present = this.#all.get(camera);
    if (present?.closed === false) return present;
    const made = new Restreamer(this.#parts, camera);
    this.#all.set(camera, made);
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
    return made;
  }

  #spawn(restreamer: Restreamer): void {
    if (this.#spawned.has(restreamer)) return;
    this.#spawned.add(restreamer);
    const { camera } = restreamer;
    const actor = { name: restreamerName(camera), epoch: 0, revision: '' };
    this.#parts.spawner
      .spawn(actor, (onReady) => createRestreamerActor(this.#parts, { restreamer }, onReady))
      .catch((err: unknown) => {
        this.#parts.log.warn({ camera, err }, 'a restreamer works without its actor, which could not start');
      });
  }

  /** Idempotent. Ends the sessions of a camera, and its actor. */
  end(camera: string): void {
    const restreamer = this.#all.get(camera);
    if (restreamer === undefined) return;
    this.#all.delete(camera);
    restreamer.close();
    if (!this.#spawned.has(restreamer)) return;
    this.#parts.spawner.end(restreamerName(camera)).catch((err: unknown) => {
      this.#parts.log.warn({ camera, err }, 'a restreamer’s actor did not end cleanly');
    });
  }

  /** Ends what has been idle too long. */
  sweep(): void {
    for (const [camera, restreamer] of [...this.#all]) {
      restreamer.sweep();
      if (restreamer.closed || restreamer.idleMs > (this.#parts.idleMs ?? 30_000)) this.end(camera);
    }
  }

  /** Idempotent. Ends every session; the actors are left to whoever stops the node. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const restreamer of this.#all.values()) restreamer.close();
    this.#all.clear();
  }
}

import type { CameraDocument } from '../../contracts/entities.ts';
import type { HubRegistry } from '../../media/hub/registry.ts';
import type { ActorHost } from '../director/reconciler.ts';
import type { ActorKind, DesiredActor, RunningActor } from '../director/desired.ts';
import type { ActorFactory, Spawner } from './spawner.ts';

/** Makes the factory of one kind of actor. */
export type ActorMaker = (document: CameraDocument, epoch: number, actor: DesiredActor) => ActorFactory;

/** Spawns what the director wants here. Actors of other kinds (restreamers) are none of its business. */
export class NodeActorHost implements ActorHost {
  readonly #spawner: Spawner;
  readonly #makers: Readonly<Record<ActorKind, ActorMaker>>;
  readonly #hubs: Pick<HubRegistry, 'remove'>;
  readonly #own = new Set<string>();

  constructor(
    spawner: Spawner,
    hubs: Pick<HubRegistry, 'remove'>,
    makers: Readonly<Record<ActorKind, ActorMaker>>,
  ) {
    this.#spawner = spawner;
    this.#hubs = hubs;
    this.#makers = makers;
  }

  get running(): readonly RunningActor[] {
    return this.#spawner.running.filter(({ name }) => this.#own.has(name));
  }

  async begin(actor: DesiredActor, document: CameraDocument, epoch: number): Promise<void> {
    const { name, revision } = actor;
    this.#own.add(name);
    await this.#spawner.spawn({ name, revision, epoch }, this.#makers[actor.kind](document, epoch, actor));
  }

  async end(name: string): Promise<void> {
    await this.#spawner.end(name);
    this.#own.delete(name);
  }

  /** Closes the hubs, and with them their readers. */
  forget(camera: string): void {
    this.#hubs.remove(camera);
  }
}

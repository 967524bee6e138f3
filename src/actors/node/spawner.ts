import type { Service, ServiceBroker, ServiceSchema } from 'moleculer';
import type { Logger } from '../../mixins/health.ts';
import { Mailbox } from '../../mixins/mailbox.ts';

/** Makes the schema of an actor; `onReady` is called once, with an error when it could not start. */
export type ActorFactory = (onReady: (error?: unknown) => void) => ServiceSchema;

export interface Spawned {
  readonly name: string;
  readonly epoch: number;
  readonly revision: string;
}

interface Running extends Spawned {
  readonly service: Service;
}

/**
 * Spawns and ends actors on this node, one at a time per name. Moleculer's `createService` returns before `started`
 * has finished and swallows its failure, so a spawn waits for the actor's own word and takes a failed one away.
 */
export class Spawner {
  readonly #broker: ServiceBroker;
  readonly #log: Logger;
  readonly #running = new Map<string, Running>();
  readonly #boxes = new Map<string, Mailbox>();

  constructor(broker: ServiceBroker, log: Logger) {
    this.#broker = broker;
    this.#log = log;
  }

  get running(): readonly Spawned[] {
    return [...this.#running.values()].map(({ name, epoch, revision }) => ({ name, epoch, revision }));
  }

  /**
   * Starts an actor; one of the same name is ended first, so that a name never runs twice here.
   * @throws what the actor's start threw.
   */
  spawn(actor: Spawned, factory: ActorFactory): Promise<void> {
    return this.#box(actor.name).run(async () => {
      await this.#end(actor.name);
      let service: Service | undefined;
      try {
        await new Promise<void>((resolve, reject) => {
          service = this.#broker.createService(
            factory((error) => {
              if (error === undefined) resolve();
              else
                reject(
                  error instanceof Error ? error : new Error('the actor could not start', { cause: error }),
                );
            }),
          );
        });
      } catch (error) {
        if (service !== undefined) await this.#broker.destroyService(service);
        throw error;
      }
      if (service !== undefined) this.#running.set(actor.name, { ...actor, service });
      this.#log.debug({ actor: actor.name, epoch: actor.epoch }, 'actor spawned');
    });
  }

  /** Idempotent. Resolves when the actor has stopped. */
  end(name: string): Promise<void> {
    return this.#box(name).run(() => this.#end(name));
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.end(name)));
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    await this.#broker.destroyService(running.service);
    this.#log.debug({ actor: name }, 'actor ended');
  }

  #box(name: string): Mailbox {
    let box = this.#boxes.get(name);
    if (box === undefined) {
      box = new Mailbox();
      this.#boxes.set(name, box);
    }
    return box;
  }
}

import type { CameraDocument } from '../../contracts/entities.ts';
import { claim, type Owner, release } from '../../mesh/ownership.ts';
import type { KeyValue } from '../../mesh/types.ts';
import { Mailbox } from '../../mixins/mailbox.ts';
import type { Logger } from '../../mixins/health.ts';
import { type DesiredActor, desiredActors, difference, type RunningActor } from './desired.ts';

/** Begins and ends actors on this node. */
export interface ActorHost {
  readonly running: readonly RunningActor[];
  /** @throws what the actor's start threw */
  begin(actor: DesiredActor, document: CameraDocument, epoch: number): Promise<void>;
  end(name: string): Promise<void>;
  /** The camera is gone: its actors have ended, what else is held for it can go. */
  forget(camera: string): void;
}

export interface ReconcilerOptions {
  readonly bucket: KeyValue;
  readonly host: ActorHost;
  readonly self: Owner;
  readonly roles: readonly string[];
  readonly log: Logger;
  /** All cameras with credentials. */
  readonly documents: () => Promise<readonly CameraDocument[]>;
  /** Highest epoch of an actor that the catalog knows. */
  readonly knownEpoch: (actor: DesiredActor) => Promise<number>;
  readonly now: () => number;
}

/** Makes what runs on this node what should run: one pass at a time, each over the newest cameras. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #mailbox = new Mailbox();
  #waiting: Promise<void> | undefined;
  #stopped = false;
  /** Actors that no node can host, and why. */
  #unplaced = new Map<string, string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  get unplaced(): ReadonlyMap<string, string> {
    return this.#unplaced;
  }

  /** Resolves when a pass that began after the call has ended. Never rejects. */
  run(): Promise<void> {
    this.#waiting ??= this.#mailbox.run(async () => {
      this.#waiting = undefined;
      if (this.#stopped) return;
      try {
        await this.#pass();
      } catch (err) {
        this.#options.log.error({ err }, 'the actors could not be reconciled; this is tried again');
      }
    });
    return this.#waiting;
  }

  /** Idempotent. No pass begins afterwards; resolves when the present one has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#mailbox.run(() => undefined);
  }

  async #pass(): Promise<void> {
    const { host, roles } = this.#options;
    const documents = new Map((await this.#options.documents()).map((document) => [document.id, document]));
    const desired = [...documents.values()].flatMap(desiredActors);
    const here = desired.filter(({ role }) => roles.includes(role));
    this.#unplaced = new Map(
      desired
        .filter(({ role }) => !roles.includes(role))
        .map(({ name, role }) => [name, `No node has the role ${role}.`]),
    );
    const { end, begin } = difference(host.running, here);
    const wanted = new Set(here.map(({ name }) => name));
    await Promise.all(
      end.map(async (name) => {
        await host.end(name);
        if (!wanted.has(name)) await this.#release(name);
      }),
    );
    const cameras = new Set(end.map((name) => name.split('.')[1] ?? ''));
    for (const camera of cameras) if (!documents.has(camera)) host.forget(camera);
    await Promise.all(
      begin.map(async (actor) => {
        const document = documents.get(actor.camera);
        if (document !== undefined) await this.#begin(actor, document);
      }),
    );
  }

  async #begin(actor: DesiredActor, document: CameraDocument): Promise<void> {
    const { bucket, host, log, self } = this.#options;
    try {
      const owned = await claim(bucket, {
        actor: actor.name,
        owner: self,
        now: this.#time(),
        reasons: [`${self.node} has the role ${actor.role}`],
        knownEpoch: () => this.#options.knownEpoch(actor),
      });
      if (owned !== undefined) await host.begin(actor, document, owned.epoch);
    } catch (err) {
      log.error({ err, actor: actor.name }, 'the actor could not be started; this is tried again');
    }
  }

  async #release(name: string): Promise<void> {
    const { bucket, log, self } = this.#options;
    try {
      await release(bucket, name, self, this.#time());
    } catch (err) {
      log.warn({ err, actor: name }, 'the actor could not be given up');
    }
  }

  #time(): string {
    return new Date(this.#options.now()).toISOString();
  }
}

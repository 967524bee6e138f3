import type { ServiceSchema } from 'moleculer';
import type { Contract, Handlers } from '../contracts/define.ts';
import { implement } from '../contracts/define.ts';
import { type EventHandlers, listen } from './events.ts';
import { type Logger, stopOnce } from './health.ts';

export interface ActorSpec<C extends Contract> {
  readonly contract: C;
  /** What follows the kind in the service name: `front-door`, `front-door.0`. */
  readonly id: string;
  readonly log: Logger;
  readonly actions: Handlers<C>;
  readonly events?: EventHandlers;
  /** Begins the work and returns soon: a camera that is away is a state, not a failure to start. */
  start(): void | Promise<void>;
  /** Ends the work. Called at most once, may take 5 s. */
  stop(): void | Promise<void>;
}

/**
 * The Moleculer schema of an actor: `started` reports a failure to `onReady` instead of leaving a zombie, `stopped`
 * never throws, runs once and has a deadline, since the broker waits for no other service when one rejects.
 */
export function actorSchema<C extends Contract>(
  spec: ActorSpec<C>,
  onReady: (error?: unknown) => void = () => undefined,
): ServiceSchema {
  const stop = stopOnce(() => spec.stop(), spec.log, `${spec.contract.name}.${spec.id}`);
  return {
    name: `${spec.contract.name}.${spec.id}`,
    actions: implement(spec.contract, spec.actions),
    events: listen(spec.events ?? {}),
    async started() {
      try {
        await spec.start();
        onReady();
      } catch (error) {
        spec.log.error({ err: error, actor: spec.id }, 'actor could not start');
        onReady(error);
      }
    },
    stopped: stop,
  };
}

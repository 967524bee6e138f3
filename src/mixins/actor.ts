import type { ServiceSchema } from 'moleculer';
import type { Contract, Handlers } from '../contracts/define.ts';
import { implement } from '../contracts/define.ts';
import { type Logger, withDeadline } from './health.ts';

export interface ActorSpec<C extends Contract> {
  readonly contract: C;
  /** What follows the kind in the service name: `front-door`, `front-door.0`. */
  readonly id: string;
  readonly log: Logger;
  readonly actions: Handlers<C>;
  /** Begins the work and returns soon: a camera that is away is a state, not a failure to start. */
  start(): void | Promise<void>;
  /** Ends the work. Called at most once, may take 5 s. */
  stop(): void | Promise<void>;
}

const STOP_DEADLINE_MS = 5_000;

/**
 * The Moleculer schema of an actor: `started` reports a failure to `onReady` instead of leaving a zombie, `stopped`
 * never throws, runs once and has a deadline, since the broker waits for no other service when one rejects.
 */
export function actorSchema<C extends Contract>(
  spec: ActorSpec<C>,
  onReady: (error?: unknown) => void = () => undefined,
): ServiceSchema {
  let stopped = false;
  return {
    name: `${spec.contract.name}.${spec.id}`,
    actions: implement(spec.contract, spec.actions),
    async started() {
      try {
        await spec.start();
        onReady();
      } catch (error) {
        spec.log.error({ err: error, actor: spec.id }, 'actor could not start');
        onReady(error);
      }
    },
    async stopped() {
      if (stopped) return;
      stopped = true;
      try {
        await withDeadline(Promise.resolve(spec.stop()), STOP_DEADLINE_MS);
      } catch (error) {
        spec.log.error({ err: error, actor: spec.id }, 'actor did not stop cleanly');
      }
    },
  };
}

import type { ServiceSchema } from 'moleculer';
import { type Contract, type Handlers, implement } from '../contracts/define.ts';
import { type EventHandlers, listen } from './events.ts';
import { type Logger, stopOnce } from './health.ts';

/** A service cannot start; the message tells a person what to do about it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface ServiceSpec<C extends Contract> {
  readonly contract: C;
  readonly log: Logger;
  readonly actions: Handlers<C>;
  readonly events?: EventHandlers;
  /** A service that cannot start keeps the node from starting. */
  start?(): void | Promise<void>;
  /** Called at most once, may take 5 s. */
  stop?(): void | Promise<void>;
}

/** The Moleculer schema of a service that each node starts at boot. */
export function serviceSchema<C extends Contract>(spec: ServiceSpec<C>): ServiceSchema {
  const stop = stopOnce(() => spec.stop?.(), spec.log, spec.contract.name);
  return {
    name: spec.contract.name,
    actions: implement(spec.contract, spec.actions),
    events: listen(spec.events ?? {}),
    async started() {
      await spec.start?.();
    },
    stopped: stop,
  };
}

import type { ServiceSchema } from 'moleculer';
import type { CallContext } from '../contracts/define.ts';
import type { EventName, Events } from '../contracts/events.ts';

export type EventHandlers = {
  readonly [E in EventName]?: (payload: Events[E], ctx: CallContext) => void | Promise<void>;
};

/** The `events` of a service, with the payload of each event typed. */
export function listen(handlers: EventHandlers): NonNullable<ServiceSchema['events']> {
  const events: NonNullable<ServiceSchema['events']> = {};
  for (const [name, handler] of Object.entries(handlers)) {
    const call = handler as (payload: unknown, ctx: CallContext) => void | Promise<void>;
    events[name] = { handler: (ctx: CallContext) => call(ctx.params, ctx) };
  }
  return events;
}

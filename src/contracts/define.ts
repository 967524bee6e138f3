import type { Context, ServiceSchema } from 'moleculer';
import { z } from 'zod';
import { SightmeshError } from './errors.ts';
import type { Caller, Right } from './rights.ts';

export type RestRoute = `${'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'} /${string}`;

/** `public` needs no login, `session` needs one but no particular right. Without `access`, only services may call. */
export type Access = Right | 'public' | 'session';

export interface ActionDefinition {
  /** One sentence; appears in OpenAPI. */
  readonly summary: string;
  /** A strict object: unknown fields are refused. */
  readonly params: z.ZodObject;
  /** What JSON the caller gets. For raw routes: nothing, see `raw`. */
  readonly result: z.ZodType;
  readonly access?: Access;
  /** Path under /api/v1 with `:name` parameters; query and body fill the other params. */
  readonly rest?: RestRoute;
  /** The param that holds a camera id, or a list of them; the gateway refuses those that the caller may not see with 403. */
  readonly camera?: string;
  /**
   * The field of the result, or of each of its items, that holds a camera id or a list of them: the gateway lets nothing
   * of cameras out that the caller may not see, whatever the service answers.
   */
  readonly resultCamera?: string;
  /**
   * The same for a field that holds the name of an actor, whose second part is the camera: `recorder.front-door.0`. The
   * service need not look at the caller.
   */
  readonly resultActor?: string;
  /** HTTP status of success; default 200. 204 sends no body. */
  readonly status?: 200 | 201 | 204;
  /** The gateway answers with a body of this content type by a handler of its own instead of JSON from the action. */
  readonly raw?: string;
  /** Content type of a raw request body that is not JSON. */
  readonly body?: string;
}

export interface Contract<A extends Record<string, ActionDefinition> = Record<string, ActionDefinition>> {
  readonly name: string;
  /** `service`: one per node at boot, named `name`. `actor`: spawned, named `name.<id>`. */
  readonly kind: 'service' | 'actor';
  readonly actions: A;
}

export function defineContract<const A extends Record<string, ActionDefinition>>(contract: {
  name: string;
  kind: 'service' | 'actor';
  actions: A;
}): Contract<A> {
  return contract;
}

export type ParamsOf<D extends ActionDefinition> = z.output<D['params']>;
export type InputOf<D extends ActionDefinition> = z.input<D['params']>;
export type ResultOf<D extends ActionDefinition> = z.output<D['result']>;

/** `ctx.meta` of every call of ours. */
export interface CallMeta {
  readonly caller?: Caller;
  /** Id of the caller's login session (the `jti` of the token). */
  readonly session?: string;
  /** Where the request came from, and by what program. */
  readonly address?: string;
  readonly agent?: string;
  /** Correlates the log lines of one request. */
  readonly requestId?: string;
}

export type CallContext = Context<unknown, CallMeta>;

export type Handlers<C extends Contract> = {
  [K in keyof C['actions']]: (
    params: Readonly<ParamsOf<C['actions'][K]>>,
    ctx: CallContext,
  ) => Promise<ResultOf<C['actions'][K]>> | ResultOf<C['actions'][K]>;
};

/** @throws SightmeshError `bad_request` with `errors: [{path, message}]` in its data. */
export function parseParams<D extends ActionDefinition>(definition: D, params: unknown): ParamsOf<D> {
  const parsed = definition.params.safeParse(params ?? {});
  if (parsed.success) return parsed.data as ParamsOf<D>;
  const errors = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = errors[0];
  throw new SightmeshError('bad_request', first && `${first.path || 'request'}: ${first.message}`, {
    errors,
  });
}

type ActionSchemas = NonNullable<ServiceSchema['actions']>;

/**
 * The Moleculer actions of a contract: each parses its params and calls the handler. Nothing else is registered, so
 * that the INFO packet of a node stays small.
 */
export function implement<C extends Contract>(contract: C, handlers: Handlers<C>): ActionSchemas {
  const actions: ActionSchemas = {};
  for (const [name, definition] of Object.entries(contract.actions)) {
    const handler = handlers[name as keyof C['actions']] as (params: unknown, ctx: CallContext) => unknown;
    actions[name] = {
      handler: (ctx: CallContext) => handler(parseParams(definition, ctx.params), ctx),
    };
  }
  return actions;
}

/** What a typed client needs: a broker or a context. */
export interface CallTarget {
  call(action: string, params?: unknown, options?: Record<string, unknown>): Promise<unknown>;
}

export interface ClientOptions {
  readonly nodeID?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly caller?: Caller;
}

export type Client<C extends Contract> = {
  readonly [K in keyof C['actions']]: (
    params: InputOf<C['actions'][K]>,
    options?: ClientOptions,
  ) => Promise<ResultOf<C['actions'][K]>>;
};

/** A typed client of a service: `client(broker, catalog).getCamera({ id })`. */
export function client<C extends Contract>(
  target: CallTarget,
  contract: C,
  options: ClientOptions = {},
): Client<C> {
  return makeClient(target, contract, contract.name, options);
}

/** A typed client of one actor: `actorClient(broker, camera, 'front-door').status({})`. */
export function actorClient<C extends Contract>(
  target: CallTarget,
  contract: C,
  id: string,
  options: ClientOptions = {},
): Client<C> {
  return makeClient(target, contract, `${contract.name}.${id}`, options);
}

function makeClient<C extends Contract>(
  target: CallTarget,
  contract: C,
  service: string,
  base: ClientOptions,
): Client<C> {
  const made: Record<string, (params: unknown, options?: ClientOptions) => Promise<unknown>> = {};
  for (const name of Object.keys(contract.actions)) {
    made[name] = (params, options) => {
      const { caller, ...rest } = { ...base, ...options };
      return target.call(`${service}.${name}`, params, {
        ...rest,
        ...(caller === undefined ? {} : { meta: { caller } }),
      });
    };
  }
  return made as Client<C>;
}

/** For params and results that are empty. */
export const Nothing = z.strictObject({});

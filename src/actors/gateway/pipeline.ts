import { accounts } from '../../contracts/accounts.ts';
import { client, parseParams } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { API_BASE, type RestAction, takesBody } from '../../contracts/openapi.ts';
import { mediaRoutes } from '../../contracts/routes.ts';
import { authenticate, authorize, authorizeCamera, type Login } from './access.ts';
import { createAccountRoutes } from './account-routes.ts';
import { AuditTrail } from './audit.ts';
import { readJson } from './body.ts';
import type { RawHandlers } from './media-routes.ts';
import { clientAddress } from './origin.ts';
import { mergeParams, queryOf } from './params.ts';
import { checkResult, visibleResult } from './result.ts';
import { sendJson } from './send.ts';
import type { Exchange, GatewayOptions } from './types.ts';
import type { LoginWatch } from './watch.ts';

/** Milliseconds that a service has for its answer. */
const CALL_TIMEOUT_MS = 30_000;
const COMPLAIN_EVERY_MS = 60_000;

type Fields = Record<string, unknown>;
type RawHandler = (exchange: Exchange, params: Fields, login: Login) => Promise<void> | void;

export interface PipelineParts extends Pick<GatewayOptions, 'config' | 'log' | 'journal'> {
  readonly raw: RawHandlers;
  readonly watch: LoginWatch;
}

/** Answers a request for an action of a contract: who, may they, with what, the call, what of it may leave. */
export type Answer = (action: RestAction, exchange: Exchange) => Promise<void>;

export function createPipeline({ config, log, journal, raw, watch }: PipelineParts): Answer {
  const { trustProxy } = config.http;
  const special = createAccountRoutes({ config });
  const trail = new AuditTrail(journal, log);
  const complaints = new Map<string, number>();

  async function readParams({ method, definition }: RestAction, { request }: Exchange): Promise<Fields> {
    const body = takesBody(method) && definition.body === undefined ? await readJson(request) : {};
    return parseParams(definition, mergeParams(request.$params, queryOf(request.originalUrl), body));
  }

  async function call(action: RestAction, exchange: Exchange, params: Fields, login: Login | undefined) {
    const { contract, name, definition } = action;
    const handler = special.get(definition);
    if (handler) return handler(exchange, params, login);
    const send = client(exchange.request.$ctx, contract, { timeout: CALL_TIMEOUT_MS })[name];
    if (!send) throw new SightmeshError('not_found');
    return send(params);
  }

  /** Faults of services come with every answer: they are logged once a minute. */
  function complain(action: string, fields: object, message: string): void {
    const now = performance.now();
    if (now < (complaints.get(action) ?? -Infinity) + COMPLAIN_EVERY_MS) return;
    complaints.set(action, now);
    log.warn({ action, ...fields }, message);
  }

  /** What of the result may leave. */
  function checked(
    { contract, name, definition }: RestAction,
    result: unknown,
    login: Login | undefined,
  ): unknown {
    const { value, differences } = checkResult(definition.result, result);
    const action = `${contract.name}.${name}`;
    if (differences.length > 0)
      complain(action, { differences: differences.slice(0, 10) }, 'an answer differs from its contract');
    const { value: visible, hidden } = visibleResult(definition, value, login?.caller);
    if (hidden > 0 && definition.resultCamera !== undefined)
      complain(action, { hidden }, 'an answer had items of cameras that the caller may not see');
    return visible;
  }

  async function perform(action: RestAction, exchange: Exchange, params: Fields, login: Login | undefined) {
    const { contract, definition, name } = action;
    if (definition.raw !== undefined) {
      if (!login) throw new SightmeshError('unauthenticated');
      const handler = (raw as unknown as Record<string, RawHandler | undefined>)[name];
      if (contract !== mediaRoutes || !handler)
        throw new SightmeshError('bad_request', 'this address is opened as a WebSocket');
      await handler(exchange, params, login);
      return undefined;
    }
    return checked(action, await call(action, exchange, params, login), login);
  }

  return async function answer(action, exchange) {
    const { request, requestId } = exchange;
    const { definition } = action;
    const login = await authenticate(request.$ctx.broker, request, trustProxy);
    Object.assign(request.$ctx.meta, {
      ...(login ? { caller: login.caller, session: login.session } : {}),
      address: clientAddress(request, trustProxy),
      agent: request.headers['user-agent'],
      requestId,
    });
    const asked = { action, login, address: clientAddress(request, trustProxy) };
    let params: Fields = request.$params;
    let result: unknown;
    try {
      authorize(definition, login);
      if (definition.camera !== undefined && action.pathParams.includes(definition.camera))
        authorizeCamera(definition, params, login);
      params = await readParams(action, exchange);
      authorizeCamera(definition, params, login);
      result = await perform(action, exchange, params, login);
    } catch (error) {
      trail.failed({ ...asked, params }, error);
      throw error;
    }
    trail.done({ ...asked, params }, result);
    if (action.contract === accounts && request.method !== 'GET') void watch.check();
    if (definition.raw === undefined) reply(action, exchange, result);
  };
}

function reply(action: RestAction, exchange: Exchange, result: unknown): void {
  const { status = 200 } = action.definition;
  if (status === 204) {
    exchange.response.writeHead(204).end();
    return;
  }
  if (status === 201) setLocation(action, exchange, result);
  sendJson(exchange.response, status, result);
}

/** Where what was made can be read again. */
function setLocation({ path, pathParams }: RestAction, { response }: Exchange, result: unknown): void {
  const { id, name } = (result ?? {}) as Fields;
  const key = id ?? name;
  if (pathParams.length === 0 && typeof key === 'string')
    response.setHeader('location', `${API_BASE}${path}/${encodeURIComponent(key)}`);
}

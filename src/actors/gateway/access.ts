import type { IncomingMessage } from 'node:http';
import { accounts } from '../../contracts/accounts.ts';
import { type ActionDefinition, type CallTarget, client } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { SESSION_COOKIE } from '../../contracts/openapi.ts';
import { type Caller, maySee, mayUse } from '../../contracts/rights.ts';
import { refuseOtherSites } from './origin.ts';

export interface Login {
  readonly caller: Caller;
  /** Id of the session. */
  readonly session: string;
  readonly token: string;
}

interface Token {
  readonly token: string;
  readonly by: 'bearer' | 'cookie';
}

/** The token of a request; a header wins over the cookie, even when it is wrong. */
export function tokenOf(request: IncomingMessage): Token | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization) ?? [];
    return token === undefined ? { token: '', by: 'bearer' } : { token, by: 'bearer' };
  }
  for (const pair of (cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === SESSION_COOKIE)
      return { token: pair.slice(at + 1).trim(), by: 'cookie' };
  }
  return undefined;
}

/** Whom a token belongs to now; undefined when it does not count. */
export async function loginOf(target: CallTarget, token: string): Promise<Login | undefined> {
  if (token === '' || token.length > 4096) return undefined;
  const { caller, session } = await client(target, accounts).authenticate({ token });
  return caller === null || session === null ? undefined : { caller, session, token };
}

/**
 * Who makes the request. A cookie counts only for requests from our own pages when they change something.
 * @throws SightmeshError `forbidden`
 */
export async function authenticate(
  target: CallTarget,
  request: IncomingMessage,
  trustProxy: boolean,
): Promise<Login | undefined> {
  const found = tokenOf(request);
  if (!found) return undefined;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (found.by === 'cookie' && (!reads || request.headers.upgrade !== undefined))
    refuseOtherSites(request, trustProxy);
  return loginOf(target, found.token);
}

/** @throws SightmeshError `unauthenticated`, `forbidden` */
export function authorize(definition: ActionDefinition, login: Login | undefined): void {
  const { access } = definition;
  if (access === undefined) throw new SightmeshError('not_found');
  if (access === 'public') return;
  if (!login) throw new SightmeshError('unauthenticated');
  if (access !== 'session' && !mayUse(login.caller, access)) {
    throw new SightmeshError('forbidden', `your role has not the right ${access}`);
  }
}

/** @throws SightmeshError `forbidden` when the params name a camera that the caller may not see */
export function authorizeCamera(
  definition: ActionDefinition,
  params: Readonly<Record<string, unknown>>,
  login: Login | undefined,
): void {
  if (definition.camera === undefined || definition.access === 'public') return;
  const cameras = camerasIn(params[definition.camera]);
  if (!login || !cameras.every((camera) => maySee(login.caller, camera)) || cameras.length === 0) {
    throw new SightmeshError('forbidden', 'this camera is not one of yours');
  }
}

/** One camera id or a list of them; empty for anything else. */
export function camerasIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.every((camera) => typeof camera === 'string') ? list : [];
}

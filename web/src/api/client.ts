import type { accounts } from '../../../src/contracts/accounts.ts';
import type { archive } from '../../../src/contracts/archive.ts';
import type { catalog } from '../../../src/contracts/catalog.ts';
import type { InputOf, ResultOf } from '../../../src/contracts/define.ts';
import type { director } from '../../../src/contracts/node.ts';

export const API = '/api/v1';

type Actions = typeof catalog.actions &
  typeof accounts.actions &
  typeof archive.actions &
  typeof director.actions;
type Reachable = { [K in keyof Actions]: Actions[K] extends { rest: string } ? K : never }[keyof Actions];
export type Params<K extends Reachable> = InputOf<Actions[K]>;
export type Result<K extends Reachable> = ResultOf<Actions[K]>;

/** The routes of the contracts; the type makes a route that differs from its contract a compile error. */
const ROUTES: { readonly [K in Reachable]: Actions[K]['rest'] } = {
  listCameras: 'GET /cameras',
  getCamera: 'GET /cameras/:id',
  createCamera: 'POST /cameras',
  updateCamera: 'PATCH /cameras/:id',
  deleteCamera: 'DELETE /cameras/:id',
  cameraStatus: 'GET /cameras/:id/status',
  probeCamera: 'POST /cameras/probe',
  listEvents: 'GET /events',
  getEvent: 'GET /events/:id',
  updateEvent: 'PATCH /events/:id',
  login: 'POST /login',
  logout: 'POST /logout',
  session: 'GET /session',
  changePassword: 'POST /session/password',
  listUsers: 'GET /users',
  createUser: 'POST /users',
  updateUser: 'PATCH /users/:name',
  deleteUser: 'DELETE /users/:name',
  listAudit: 'GET /audit',
  recordings: 'GET /recordings',
  coverage: 'GET /coverage',
  volumes: 'GET /volumes',
  nodes: 'GET /nodes',
  placement: 'GET /placement/:actor',
  assignments: 'GET /placement',
};

/** A refusal of the API (RFC 9457), or `unreachable` when no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly help: string | undefined;
  readonly fields: readonly { path: string; message: string }[];

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? 'unknown';
    this.help = problem.help;
    this.fields = problem.errors ?? [];
  }
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  help?: string;
  errors?: { path: string; message: string }[];
}

/** Called once whenever an answer says that the login has ended. */
let onLoggedOut: () => void = () => undefined;
export const setLoggedOutHandler = (handler: () => void): void => {
  onLoggedOut = handler;
};

/** @throws ApiError when the answer is not a success. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(API + path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, { code: 'unreachable', detail: 'The server does not answer. Trying again.' });
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  if (response.status === 401 && problem.code !== 'login_failed') onLoggedOut();
  throw new ApiError(response.status, problem);
}

/**
 * Calls an action by its contract: `:name` parameters go into the path, the others into the query or the JSON body.
 * @throws ApiError
 */
export async function call<K extends Reachable>(
  name: K,
  params: Params<K>,
  signal?: AbortSignal,
): Promise<Result<K>> {
  const { method, path, body } = place(ROUTES[name], params);
  const init: RequestInit = { method, signal: signal ?? null };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { 'content-type': 'application/json' };
  }
  const response = await request(path, init);
  return (response.status === 204 ? {} : await response.json()) as Result<K>;
}

interface Placed {
  method: string;
  path: string;
  body?: Record<string, unknown>;
}

/** Where each parameter goes. */
export function place(route: string, params: Record<string, unknown>): Placed {
  const [method = 'GET', template = '/'] = route.split(' ');
  const left = { ...params };
  const path = template.replace(/:([a-z]+)/gi, (_, name: string) => {
    const value = String(left[name]);
    Reflect.deleteProperty(left, name);
    return encodeURIComponent(value);
  });
  if (method !== 'GET' && method !== 'DELETE') return { method, path, body: left };
  return { method, path: withQuery(path, left) };
}

/** Adds a query; undefined and empty values are left out, arrays become comma-separated. */
export function withQuery(path: string, query: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0))
      continue;
    search.set(name, textOf(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What to tell a person about any error. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    const fields = error.fields.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return [fields || error.message, error.help].filter(Boolean).join(' — ');
  }
  return error instanceof Error ? error.message : String(error);
}

import type { ServerResponse } from 'node:http';
import { type ErrorCode, ERRORS, errorCode } from '../../contracts/errors.ts';

/** RFC 9457, with our stable `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly help: string;
  readonly requestId: string;
  readonly errors?: readonly unknown[];
}

/** Errors of the broker and of moleculer-web, by their `type`. */
const FOREIGN: Readonly<Record<string, ErrorCode>> = {
  SERVICE_NOT_FOUND: 'unavailable',
  SERVICE_NOT_AVAILABLE: 'unavailable',
  REQUEST_TIMEOUT: 'unavailable',
  REQUEST_REJECTED: 'unavailable',
  REQUEST_SKIPPED: 'unavailable',
  QUEUE_FULL: 'too_many_requests',
  NOT_FOUND: 'not_found',
  BAD_REQUEST: 'bad_request',
  UNABLE_DECODE_PARAM: 'bad_request',
};

/** The problem document of any error. Of errors that are not ours nothing but the code goes out. */
export function problemOf(error: unknown, requestId: string): Problem {
  const own = errorCode(error);
  const code = own ?? FOREIGN[typeOf(error)] ?? 'internal';
  const { status, title, help } = ERRORS[code];
  const detail = own !== undefined && error instanceof Error ? error.message : title;
  const errors = own === undefined ? undefined : dataOf(error)['errors'];
  return {
    type: `/api#${code}`,
    title,
    status,
    code,
    ...(detail === title ? {} : { detail }),
    help,
    requestId,
    ...(Array.isArray(errors) ? { errors } : {}),
  };
}

/** Headers that go with an error: `Retry-After`, `Allow`, `WWW-Authenticate`, `Content-Range`. */
export function problemHeaders(error: unknown, problem: Problem): Record<string, string> {
  const { retryAfter, allow, size } = dataOf(error);
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
    ...(Array.isArray(allow) ? { allow: allow.join(', ') } : {}),
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer realm="sightmesh"' } : {}),
    ...(problem.status === 416 && typeof size === 'number' ? { 'content-range': `bytes */${size}` } : {}),
  };
}

/** Answers with the problem document; when an answer has begun already, it is cut off, so that nobody takes it for whole. */
export function sendProblem(response: ServerResponse, error: unknown, requestId: string): Problem {
  const problem = problemOf(error, requestId);
  if (response.headersSent) {
    response.destroy();
    return problem;
  }
  for (const name of ['content-length', 'content-disposition', 'content-range', 'etag'])
    response.removeHeader(name);
  const body = Buffer.from(JSON.stringify(problem));
  response.writeHead(problem.status, { ...problemHeaders(error, problem), 'content-length': body.length });
  response.end(body);
  return problem;
}

function typeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('type' in error)) return '';
  return typeof error.type === 'string' ? error.type.replace(/^ERR_/, '') : '';
}

function dataOf(error: unknown): Record<string, unknown> {
  if (typeof error !== 'object' || error === null || !('data' in error)) return {};
  return typeof error.data === 'object' && error.data !== null ? (error.data as Record<string, unknown>) : {};
}

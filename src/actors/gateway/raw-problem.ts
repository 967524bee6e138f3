import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { problemHeaders, problemOf } from './problem.ts';
import { commonHeaders } from './security-headers.ts';

/** A whole HTTP answer as text, for where there is a socket but no response object. The connection ends with it. */
export function rawProblem(error: unknown, requestId: string = randomUUID()): string {
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    ...commonHeaders(),
    ...problemHeaders(error, problem),
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join(
    '\r\n',
  );
}

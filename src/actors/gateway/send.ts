import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { SightmeshError } from '../../contracts/errors.ts';
import { partOf, rangeOf } from './range.ts';
import type { Exchange, MediaBody } from './types.ts';

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBuffer(response, status, 'application/json', Buffer.from(JSON.stringify(value)));
}

export function sendBuffer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: Buffer,
): void {
  setNoStore(response);
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  response.end(body);
}

/**
 * Sends media as it comes, a range of it where its length is known. A caller that goes away ends the making of it.
 * @throws SightmeshError `range_not_satisfiable`
 */
export async function sendMedia({ request, response }: Exchange, body: MediaBody): Promise<void> {
  const { stream, bytes } = body;
  const range = bytes === undefined ? undefined : rangeOf(request.headers.range, bytes);
  if (range === null) {
    stream.destroy();
    throw new SightmeshError('range_not_satisfiable', undefined, { size: bytes });
  }
  setNoStore(response);
  const length = range ? range.end - range.start + 1 : bytes;
  response.writeHead(range ? 206 : 200, {
    'content-type': body.contentType,
    ...(bytes === undefined ? {} : { 'accept-ranges': 'bytes' }),
    ...(length === undefined ? {} : { 'content-length': length }),
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${String(bytes)}` } : {}),
  });
  if (request.method === 'HEAD') {
    stream.destroy();
    response.end();
    return;
  }
  try {
    if (!range) await pipeline(stream, response);
    else if (body.slice) await pipeline(body.slice(range), response);
    else await pipeline(partOf(stream, range), response);
  } catch (error) {
    if (!isGone(error, response)) throw error;
  } finally {
    stream.destroy();
  }
}

/** What pipes say when the other side has closed the connection. */
const GONE = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
]);

/** The caller has closed the connection, or has all it asked for. */
const isGone = (error: unknown, response: ServerResponse): boolean =>
  response.writableFinished ||
  (response.destroyed && error instanceof Error && 'code' in error && GONE.has(String(error.code)));

const setNoStore = (response: ServerResponse): void => {
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
};

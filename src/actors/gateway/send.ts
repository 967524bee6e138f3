import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { SightmeshError } from '../../contracts/errors.ts';
import { RangeFilter, rangeOf } from './range.ts';
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
    else await pipeline(stream, new RangeFilter(range), response);
  } catch (error) {
    if (!isGone(error, response)) throw error;
  } finally {
    stream.destroy();
  }
}

/** The caller has closed the connection, or has all it asked for. */
const isGone = (error: unknown, response: ServerResponse): boolean =>
  response.writableFinished ||
  (error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_STREAM_PREMATURE_CLOSE' &&
    response.destroyed);

const setNoStore = (response: ServerResponse): void => {
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
};

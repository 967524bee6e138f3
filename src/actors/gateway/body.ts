import type { IncomingMessage } from 'node:http';
import { SightmeshError } from '../../contracts/errors.ts';

/** Bytes that a request body may have. */
export const BODY_LIMIT = 2 ** 20;

/** @throws SightmeshError `payload_too_large`, `unsupported_media_type` for a compressed body, `bad_request` when cut off. */
export async function readBody(request: IncomingMessage, limit: number = BODY_LIMIT): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new SightmeshError(
      'unsupported_media_type',
      `a body with content-encoding ${encoding} is not taken`,
    );
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new SightmeshError('payload_too_large');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new SightmeshError('bad_request', 'the body was cut off', { cause: String(error) });
  }
  if (size > limit) throw new SightmeshError('payload_too_large');
  return Buffer.concat(chunks, size);
}

const mediaType = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** A JSON object; no body is an empty one. @throws SightmeshError `bad_json`, `unsupported_media_type`, and as readBody */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await readBody(request);
  if (body.length === 0) return {};
  const type = mediaType(request);
  if (type !== 'application/json' && !type.endsWith('+json')) {
    throw new SightmeshError(
      'unsupported_media_type',
      `application/json is expected, not ${type || 'nothing'}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SightmeshError('bad_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SightmeshError('bad_json');
  return value as Record<string, unknown>;
}

/** A text body of one content type. @throws SightmeshError `unsupported_media_type`, and as readBody */
export async function readText(request: IncomingMessage, type: string): Promise<string> {
  if (mediaType(request) !== type) throw new SightmeshError('unsupported_media_type', `${type} is expected`);
  return (await readBody(request)).toString('utf8');
}

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/**
 * Answers with a file or one range of it (RFC 9110, 14). False, with nothing sent, when there is no such file.
 *
 * @throws NodeJS.ErrnoException when it cannot be read, or the peer goes away
 */
export async function sendFile(
  file: string,
  rangeHeader: string | undefined,
  response: ServerResponse,
): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return false;
    const range = rangeOf(rangeHeader, stats.size);
    if (range === undefined) {
      response.writeHead(416, { 'content-range': `bytes */${String(stats.size)}` }).end();
      return true;
    }
    const { start, end } = range;
    const length = end - start;
    response.writeHead(206, {
      'content-type': 'video/mp4',
      'content-length': length,
      'content-range': `bytes ${String(start)}-${String(end - 1)}/${String(stats.size)}`,
    });
    if (length === 0) response.end();
    else {
      await pipeline(
        handle.createReadStream({ start, end: end - 1, autoClose: false, highWaterMark: 256 * 1024 }),
        response,
      );
    }
    return true;
  } finally {
    await handle.close();
  }
}

/** The end is not included. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  if (header === undefined) return size === 0 ? undefined : { start: 0, end: size };
  const [, from, to] = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(header) ?? [];
  const start = Number(from ?? Number.NaN);
  const end = Math.min(size, to === undefined ? size : Number(to) + 1);
  return start < end ? { start, end } : undefined;
}

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { CONSOLE_POLICY } from './security-headers.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.json', '.webmanifest', '.svg', '.txt']);

interface StaticFile {
  readonly body: Buffer;
  readonly gzipped: Buffer | null;
  readonly type: string;
  readonly etag: string;
  /** Its name holds a hash of what is in it. */
  readonly immutable: boolean;
}

/**
 * The files of the console, read once: only what was in the folder at the start can be asked for, so that no path leads
 * out of it. Every other page of the console is its `index.html`.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  /** @throws Error when the folder cannot be read */
  constructor(folder: string) {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    this.#files = new Map(
      entries.map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const name = `/${path.relative(folder, file).split(path.sep).join('/')}`;
        return [name, load(file, name)];
      }),
    );
  }

  /** False when nothing here answers the request. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = 'GET', url = '/' } = request;
    if (method !== 'GET' && method !== 'HEAD') return false;
    const file = this.#find(url.split('?', 1)[0] ?? '/');
    if (!file) return false;
    response.setHeader('content-security-policy', CONSOLE_POLICY);
    response.setHeader('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.setHeader('etag', file.etag);
    response.setHeader('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304).end();
      return true;
    }
    const gzip = file.gzipped !== null && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = gzip ? file.gzipped : file.body;
    response.writeHead(200, {
      'content-type': file.type,
      'content-length': body.length,
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(method === 'HEAD' ? undefined : body);
    return true;
  }

  /** A page of the console has neither an ending nor lies under /api. */
  #find(pathname: string): StaticFile | undefined {
    const file = this.#files.get(pathname);
    if (file) return file;
    const isPage = path.extname(pathname) === '' && !/^\/(api|assets)(\/|$)/.test(pathname);
    return isPage ? this.#files.get('/index.html') : undefined;
  }
}

function load(file: string, name: string): StaticFile {
  const body = readFileSync(file);
  const ending = path.extname(name);
  return {
    body,
    gzipped: COMPRESSIBLE.has(ending) && body.length > 500 ? gzipSync(body) : null,
    type: TYPES[ending] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    immutable: name.startsWith('/assets/'),
  };
}

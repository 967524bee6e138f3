import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StaticFiles } from '../../../../src/actors/gateway/static-files.ts';

let folder: string;
let files: StaticFiles;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-static-'));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(path.join(folder, 'big.css'), 'a{}'.repeat(1_000));
  symlinkSync('/etc/passwd', path.join(folder, 'passwd.txt'));
  files = new StaticFiles(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class FakeResponse {
  status = 0;
  body: Buffer | undefined;
  headers: Record<string, unknown> = {};
  setHeader(name: string, value: unknown): void {
    this.headers[name] = value;
  }
  writeHead(status: number, headers: object = {}): this {
    this.status = status;
    Object.assign(this.headers, headers);
    return this;
  }
  end(body?: Buffer): void {
    this.body = body;
  }
}

function serve(url: string, headers: Record<string, string> = {}, method = 'GET'): FakeResponse | undefined {
  const response = new FakeResponse();
  const request = { url, headers, method } as unknown as IncomingMessage;
  return files.serve(request, response as unknown as ServerResponse) ? response : undefined;
}

test('only files that were in the folder are there', () => {
  for (const url of [
    '/../index.html',
    '/passwd.txt',
    '/none.css',
    '/assets/x',
    '/api/x',
    '/..%2fetc/passwd.txt',
  ])
    expect(serve(url), url).toBeUndefined();
  expect(serve('/', {}, 'POST')).toBeUndefined();
  expect(serve('/events')?.body?.toString()).toBe('<!doctype html>');
});

test('large ones are compressed for those who can read it', () => {
  const plain = serve('/big.css');
  const small = serve('/big.css', { 'accept-encoding': 'br, gzip' });
  expect(small?.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(small?.body ?? Buffer.alloc(0))).toEqual(plain?.body);
  expect(small?.headers['content-length']).toBe(small?.body?.length);
  expect(serve('/big.css', {}, 'HEAD')?.body).toBeUndefined();
});

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { tokenOf } from '../../../../src/actors/gateway/access.ts';
import { readBody, readJson } from '../../../../src/actors/gateway/body.ts';
import { clientAddress, isSecure, refuseOtherSites } from '../../../../src/actors/gateway/origin.ts';
import { mergeParams, queryOf } from '../../../../src/actors/gateway/params.ts';
import { checkPath } from '../../../../src/actors/gateway/paths.ts';
import { SightmeshError } from '../../../../src/contracts/errors.ts';

const code = (value: string) => expect.objectContaining({ type: value }) as SightmeshError;
const request = (
  headers: Record<string, string>,
  body: string[] = [],
  socket: object = { remoteAddress: '192.0.2.1' },
) =>
  Object.assign(Readable.from(body.map((text) => Buffer.from(text))), {
    headers,
    socket,
  }) as unknown as IncomingMessage;

describe('params', () => {
  test('of a query', () => {
    expect(queryOf('/x')).toEqual({});
    expect(queryOf('/x?a=1&b=%20c&a=2&d')).toEqual({ a: ['1', '2'], b: ' c', d: '' });
    expect(Object.keys(queryOf('/x?__proto__=1'))).toEqual(['__proto__']);
  });

  test('come from everywhere, but the path has the last word', () => {
    expect(mergeParams({ id: 'a' }, { x: '1', y: '1' }, { y: 2, id: 'a' })).toEqual({
      id: 'a',
      x: '1',
      y: 2,
    });
    expect(() => mergeParams({ id: 'a' }, { id: 'b' }, {})).toThrow(code('bad_request'));
    expect(() => mergeParams({ id: 'a' }, {}, { id: ['a'] })).toThrow(code('bad_request'));
  });
});

describe('paths', () => {
  test.each([
    '/',
    '/api/v1/cameras?x=..',
    '/cameras/a%20b',
    '/playback/yard%2Fmain%2F1/init.mp4',
    '/a..b',
    '/ä',
  ])('%s passes', (path) => {
    expect(() => checkPath(path)).not.toThrow();
  });

  test.each([
    '/..',
    '/a/../b',
    '/a/%2e%2E/b',
    '/a%2f..%2fb',
    '/a\\b',
    '/a%5cb',
    '/a%00',
    '/a%0a',
    '/%',
    '/%ff',
    'http://x/',
    '*',
    '//',
    '/a//b',
  ])('%s does not', (path) => {
    expect(() => checkPath(path)).toThrow(SightmeshError);
  });
});

describe('bodies', () => {
  const type = { 'content-type': 'application/json; charset=utf-8' };

  test('are JSON objects', async () => {
    expect(await readJson(request(type, ['{"a":', '1}']))).toEqual({ a: 1 });
    expect(await readJson(request({}))).toEqual({});
    expect(await readJson(request({ 'content-type': 'application/merge-patch+json' }, ['{}']))).toEqual({});
  });

  test('of other kinds are refused', async () => {
    await expect(readJson(request({}, ['{}']))).rejects.toEqual(code('unsupported_media_type'));
    await expect(readJson(request(type, ['[1]']))).rejects.toEqual(code('bad_json'));
    await expect(readJson(request({ ...type, 'content-encoding': 'br' }, ['{}']))).rejects.toEqual(
      code('unsupported_media_type'),
    );
  });

  test('end at the limit, whatever their length is said to be', async () => {
    expect(await readBody(request({}, ['12345']), 5)).toHaveLength(5);
    await expect(readBody(request({}, ['123', '456']), 5)).rejects.toEqual(code('payload_too_large'));
    await expect(readBody(request({ 'content-length': '6' }, []), 5)).rejects.toEqual(
      code('payload_too_large'),
    );
  });

  test('that are cut off are refused', async () => {
    const cut = new Readable({ read: () => undefined });
    const message = Object.assign(cut, { headers: {} }) as unknown as IncomingMessage;
    const reading = readBody(message);
    cut.destroy(new Error('aborted'));
    await expect(reading).rejects.toEqual(code('bad_request'));
  });
});

describe('where a request comes from', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.1, 198.51.100.7', 'x-forwarded-proto': 'https' };

  test('is believed only of a proxy of ours', () => {
    expect(clientAddress(request(forwarded), false)).toBe('192.0.2.1');
    expect(clientAddress(request(forwarded), true)).toBe('198.51.100.7');
    expect(isSecure(request(forwarded), false)).toBe(false);
    expect(isSecure(request(forwarded), true)).toBe(true);
    expect(isSecure(request({}, [], { encrypted: true }), false)).toBe(true);
  });

  test.each([
    [{ host: 'vms:8080' }, true],
    [{ host: 'vms:8080', origin: 'http://vms:8080' }, true],
    [{ host: 'vms:8080', 'sec-fetch-site': 'same-origin' }, true],
    [{ host: 'vms:8080', 'sec-fetch-site': 'none' }, true],
    [{ host: 'vms:8080', origin: 'http://vms' }, false],
    [{ host: 'vms:8080', origin: 'http://vms:8080.evil.example' }, false],
    [{ host: 'vms:8080', origin: 'null' }, false],
    [{ host: 'vms:8080', 'sec-fetch-site': 'same-site' }, false],
    [{ host: 'vms:8080', origin: 'http://evil', 'x-forwarded-host': 'evil' }, false],
  ])('%j is ours: %s', (headers, ours) => {
    const check = () => refuseOtherSites(request(headers), false);
    if (ours) expect(check).not.toThrow();
    else expect(check).toThrow(code('forbidden'));
  });

  test('its token', () => {
    expect(tokenOf(request({}))).toBeUndefined();
    expect(tokenOf(request({ cookie: 'x=1; sightmesh_session=t.o.k' }))).toEqual({
      token: 't.o.k',
      by: 'cookie',
    });
    expect(tokenOf(request({ cookie: 'xsightmesh_session=t' }))).toBeUndefined();
    expect(tokenOf(request({ authorization: 'bearer  abc ' }))).toEqual({ token: 'abc', by: 'bearer' });
    expect(tokenOf(request({ authorization: 'Basic abc', cookie: 'sightmesh_session=t' }))).toEqual({
      token: '',
      by: 'bearer',
    });
  });
});

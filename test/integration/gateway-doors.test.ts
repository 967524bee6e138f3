import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGatewayService } from '../../src/actors/gateway/gateway.service.ts';
import { ERRORS } from '../../src/contracts/errors.ts';
import { PUBLIC_CONTRACTS } from '../../src/contracts/index.ts';
import { restActions } from '../../src/contracts/openapi.ts';
import { FakeMedia } from '../support/gateway/fake-media.ts';
import { ADMIN_PASSWORD, loggerInto, type RunningGateway, startGateway } from '../support/gateway/start.ts';

let folder: string;
let gateway: RunningGateway;
let admin: string;
let notReady: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sightmesh-console-'));
  await mkdir(path.join(folder, 'assets'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>console</title>');
  await writeFile(path.join(folder, 'assets', 'app-1a2b.js'), 'export {};');
  gateway = await startGateway({ consoleFolder: folder, notReady: () => notReady });
  admin = await gateway.login('admin');
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (where: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(gateway.url + where, { headers, method });

describe('without login', () => {
  test('health is told', async () => {
    expect((await get('/healthz')).status).toBe(200);
    notReady = ['the catalog does not answer'];
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: notReady });
    notReady = [];
    expect((await get('/readyz')).status).toBe(200);
  });

  test('the session is nobody’s', async () => {
    for (const headers of [{}, bearer('x.y.z'), { cookie: 'sightmesh_session=' }]) {
      const response = await get('/api/v1/session', headers);
      expect(await response.json()).toEqual({ user: null });
    }
  });

  test.each(['/metrics', '/api', '/api/openapi.json'])('%s stays closed', async (where) => {
    expect((await get(where)).status).toBe(401);
  });

  test('metrics need the right to see the system', async () => {
    for (const user of ['visitor', 'guard'])
      expect((await get('/metrics', bearer(await gateway.login(user)))).status).toBe(403);
  });
});

describe('the console', () => {
  test('its files, and its page for every other path', async () => {
    const asset = await get('/assets/app-1a2b.js');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    for (const where of ['/', '/cameras/yard', '/events?x=1', '/login/']) {
      const response = await get(where);
      expect(response.status, where).toBe(200);
      expect(await response.text()).toContain('<title>console</title>');
      expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
    }
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect((await get('/', { 'if-none-match': etag })).status).toBe(304);
  });

  test('what is not there is a problem, not the page', async () => {
    for (const where of ['/assets/none.js', '/favicon.ico', '/api/v1/none', '/api/none']) {
      const response = await get(where, bearer(admin));
      expect(response.status, where).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not_found', status: 404 });
    }
    expect((await get('/', {}, 'POST')).status).toBe(404);
  });
});

describe('a login', () => {
  test('sets a cookie that scripts cannot read and other sites do not send', async () => {
    const body = JSON.stringify({ username: 'visitor', password: ADMIN_PASSWORD });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${gateway.url}/api/v1/login`, { method: 'POST', headers, body });
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^sightmesh_session=[\w.-]+; Path=\/; Expires=.* GMT; HttpOnly; SameSite=Strict$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const session = await get('/api/v1/session', { cookie: cookie.split(';')[0] ?? '' });
    expect(await session.json()).toMatchObject({
      user: { name: 'visitor', role: 'viewer', cameras: ['yard'] },
    });
    const out = await fetch(`${gateway.url}/api/v1/logout`, {
      method: 'POST',
      headers: { cookie: cookie.split(';')[0] ?? '' },
    });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toMatch(/^sightmesh_session=; .*Expires=Thu, 01 Jan 1970/);
    expect((await get('/api/v1/cameras', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(401);
  });

  test('is audited with the address, as are changes, and never with what is secret', async () => {
    const change = (where: string, method: string, body: object) =>
      fetch(`${gateway.url}/api/v1${where}`, {
        method,
        headers: { ...bearer(admin), 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
        body: JSON.stringify(body),
      });
    const camera = { id: 'shed', name: 'Shed', url: 'rtsp://u:topsecret@192.0.2.9/', password: 'topsecret' };
    expect((await change('/cameras', 'POST', camera)).status).toBe(201);
    expect((await change('/users/visitor', 'PATCH', { password: 'topsecret longer' })).status).toBe(200);
    expect((await change('/users/visitor', 'PATCH', { password: ADMIN_PASSWORD })).status).toBe(200);
    expect((await change('/users/admin', 'PATCH', { role: 'viewer' })).status).toBe(409);
    await gateway.journal.drained();
    const response = await get('/api/v1/audit?limit=4', bearer(admin));
    const { items, next } = (await response.json()) as { items: object[]; next: string };
    expect(items.map((item) => ({ ...item, id: '', time: '' }))).toEqual(
      [
        ['accounts.updateUser', 'admin', false],
        ['accounts.updateUser', 'visitor', true],
        ['accounts.updateUser', 'visitor', true],
        ['catalog.createCamera', 'shed', true],
      ].map(([action, target, ok]) => ({
        id: '',
        time: '',
        user: 'admin',
        action,
        target,
        address: '127.0.0.1',
        ok,
      })),
    );
    const rest = await (await get(`/api/v1/audit?cursor=${next}`, bearer(admin))).text();
    expect(rest).toContain('"accounts.login"');
    expect(JSON.stringify(items) + rest).not.toMatch(/topsecret|correct horse/);
    expect(JSON.stringify(gateway.log)).not.toMatch(/topsecret|correct horse/);
  });
});

describe('what describes itself', () => {
  test('metrics of the broker and of the parts', async () => {
    const text = await (await get('/metrics', bearer(admin))).text();
    expect(text).toMatch(/^moleculer_request_total\{.*action="accounts.authenticate".*\} \d+$/m);
    expect(text).toContain('sightmesh_coverage{camera="yard"} 1\n');
    for (const line of text.split('\n')) expect(line).toMatch(/^$|^# |^[a-z_:]+(\{.*\})? [-+\w.]+$/i);
  });

  test('OpenAPI with every route', async () => {
    const document = (await (await get('/api/openapi.json', bearer(admin))).json()) as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    expect(document.openapi).toBe('3.1.0');
    for (const { method, path: route } of restActions(PUBLIC_CONTRACTS)) {
      expect(document.paths[route.replace(/:(\w+)/g, '{$1}')]).toHaveProperty(method.toLowerCase());
    }
  });

  test('a page with every route and error, whose style its policy allows and scripts not', async () => {
    const response = await get('/api', bearer(admin));
    const html = await response.text();
    const style = /<style>([^]*?)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
    expect(html).not.toMatch(/<script|style="| on\w+=/);
    for (const { path: route } of restActions(PUBLIC_CONTRACTS))
      expect(html).toContain(`<code>${route}</code>`);
    for (const code of Object.keys(ERRORS)) expect(html).toContain(`id="${code}"`);
  });

  test('every answer has the headers that protect it', async () => {
    for (const where of ['/', '/healthz', '/api/v1/cameras', '/none.png', '/api/v1/session']) {
      const { headers } = await get(where);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
    const { headers } = await get('/healthz', { 'x-request-id': 'mine', 'x-correlation-id': 'mine' });
    expect(headers.get('x-request-id')).not.toBe('mine');
  });

  test('nothing of the gateway is told to other nodes but its name', () => {
    const { services } = gateway.broker.registry.getLocalNodeInfo();
    const service = services.find(({ name }) => name === 'gateway');
    expect(JSON.stringify(service).length).toBeLessThan(1_000);
  });
});

describe('the address', () => {
  const options = (port: number, tls: { cert: string | null; key: string | null }) => ({
    config: {
      http: { host: '127.0.0.1', port, trustProxy: false },
      tls,
      sessions: { hours: 1, loginsPerMinute: 10 },
    },
    log: loggerInto([]),
    version: '0',
    media: new FakeMedia(),
    journal: { append: () => Promise.resolve() },
    consoleFolder: null,
    notReady: () => [],
  });

  test('in use is said clearly, and keeps the node from starting', async () => {
    const broker = new ServiceBroker({ nodeID: 'second', logger: false });
    const schema = createGatewayService(options(gateway.port, { cert: null, key: null }));
    broker.createService(schema);
    await expect(broker.start()).rejects.toThrow(
      /port \d+: another program uses it; set SIGHTMESH_HTTP_PORT/,
    );
    await broker.stop();
  });

  test.skipIf(!hasOpenssl)('speaks HTTPS when there is a certificate, and marks the cookie', async () => {
    const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    const subject = [
      '-subj',
      '/CN=localhost',
      '-days',
      '2',
      '-nodes',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
    ];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const secure = await startGateway(options(0, { cert, key }));
    try {
      const cookie = await new Promise<string>((resolve, reject) => {
        const request = https.request(
          {
            port: secure.port,
            host: '127.0.0.1',
            path: '/api/v1/login',
            method: 'POST',
            rejectUnauthorized: false,
            headers: { 'content-type': 'application/json' },
          },
          (response) => {
            response.resume();
            resolve(response.headers['set-cookie']?.[0] ?? '');
          },
        );
        request.once('error', reject);
        request.end(JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }));
      });
      expect(cookie).toMatch(/; Secure$/);
    } finally {
      await secure.stop();
    }
  });

  test('a certificate that cannot be read is named', () => {
    const broker = new ServiceBroker({ nodeID: 'third', logger: false });
    const schema = createGatewayService(
      options(0, { cert: path.join(folder, 'none.pem'), key: path.join(folder, 'none.pem') }),
    );
    expect(() => broker.createService(schema)).toThrow(/tls\.cert: .*none\.pem cannot be read/);
  });
});

import http from 'node:http';
import net from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSecrets } from '../../src/store/secrets.ts';
import { type Problem, rawGet, sendRaw } from '../support/gateway/http.ts';
import { ADMIN_PASSWORD, type RunningGateway, SECRET, startGateway } from '../support/gateway/start.ts';

let gateway: RunningGateway;
let token: string;
beforeAll(async () => {
  gateway = await startGateway();
  token = await gateway.login('admin');
});
afterAll(() => gateway.stop());

const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
const JSON_TYPE = { 'content-type': 'application/json' };

async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const text = await response.text();
  expect(text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(|camera-secret/);
  return JSON.parse(text) as Problem;
}

const post = (path: string, body: string | Buffer, headers: Record<string, string> = JSON_TYPE) =>
  fetch(`${gateway.url}/api/v1${path}`, { method: 'POST', headers: { ...bearer(token), ...headers }, body });

describe('tokens', () => {
  const key = createSecrets(SECRET).derive('tokens');
  const claims = () =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, string>;
  const forge = (change: {
    aud?: string;
    iss?: string;
    exp?: number;
    key?: Uint8Array;
    jti?: string;
    sub?: string;
  }) =>
    new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(change.iss ?? claims()['iss'] ?? '')
      .setAudience(change.aud ?? claims()['aud'] ?? '')
      .setSubject(change.sub ?? 'admin')
      .setJti(change.jti ?? claims()['jti'] ?? '')
      .setExpirationTime(change.exp ?? Math.floor(Date.now() / 1000) + 600)
      .sign(change.key ?? key);
  const status = async (value: string): Promise<number> =>
    (await fetch(`${gateway.url}/api/v1/cameras`, { headers: bearer(value) })).status;

  test('one that is made with the right key and claims counts', async () => {
    expect(await status(await forge({}))).toBe(200);
  });

  test.each([
    ['an expired one', () => forge({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['one of another key', () => forge({ key: createSecrets('another secret here').derive('tokens') })],
    ['one for another audience', () => forge({ aud: 'sightmesh-link' })],
    ['one of another issuer', () => forge({ iss: 'elsewhere' })],
    ['one of a session that is not there', () => forge({ jti: 'no-such-session' })],
    ['one of another user’s session', () => forge({ sub: 'visitor' })],
  ])('%s does not', async (_, make) => {
    expect(await status(await make())).toBe(401);
  });

  test('one without signature does not', async () => {
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const body = token.split('.')[1] ?? '';
    expect(await status(`${none}.${body}.`)).toBe(401);
    expect(await status(`${none}.${body}.${token.split('.')[2] ?? ''}`)).toBe(401);
  });

  test('a token in the address does not count', async () => {
    const response = await fetch(`${gateway.url}/api/v1/cameras?token=${token}`);
    expect(response.status).toBe(401);
  });

  test('a wrong header is not helped by a right cookie', async () => {
    const headers = { authorization: 'Basic YWRtaW46YWRtaW4=', cookie: `sightmesh_session=${token}` };
    expect((await fetch(`${gateway.url}/api/v1/cameras`, { headers })).status).toBe(401);
  });
});

describe('paths', () => {
  test.each([
    ['/api/v1/cameras/..%2f..%2fetc/snapshot.jpg', 400],
    ['/api/v1/cameras/%2e%2e/status', 400],
    ['/api/v1/../../etc/passwd', 400],
    ['/../../../etc/passwd', 400],
    ['/..%5c..%5cwindows', 400],
    ['/api/v1/cameras/yard%00', 400],
    ['/api/v1/cameras/yard%0d%0aset-cookie:x=1', 400],
    ['/api/v1/cameras/%zz', 400],
    ['/api/v1/cameras/%c0%ae%c0%ae', 400],
    ['/api/v1/cameras/yard%2fstatus', 400],
    ['//api/v1/cameras', 404],
    ['/api//v1/cameras', 404],
    ['/API/v1/cameras', 404],
    ['/api/v1', 404],
    ['/api/v1/catalog/cameraDocuments', 404],
    ['/catalog/cameraDocuments', 404],
    ['/catalog.cameraDocuments', 404],
    ['/~node/health', 404],
    ['/$node/services', 404],
    ['/gateway/rest', 404],
    ['/list-aliases', 404],
  ])('%s is refused with %i', async (path, status) => {
    const answer = await sendRaw(gateway.port, rawGet(path, bearer(token)));
    expect(answer.status, answer.body).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('the same goes for WebSockets', async () => {
    const upgrade = { ...bearer(token), upgrade: 'websocket', connection: 'Upgrade' };
    const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' };
    const status = async (path: string) =>
      (await sendRaw(gateway.port, rawGet(path, { ...upgrade, ...key }).replace('connection: close\r\n', '')))
        .status;
    expect(await status('/api/v1/cameras/..%2f/mse')).toBe(400);
    expect(await status('/api/v1/cameras/yard')).toBe(404);
    expect(await status('/')).toBe(404);
  });
});

describe('bodies', () => {
  const camera = { name: 'Yard', url: 'rtsp://192.0.2.7/stream' };

  test.each([
    ['no JSON', '{"name":', JSON_TYPE, 400, 'bad_json'],
    ['an array', '[]', JSON_TYPE, 400, 'bad_json'],
    ['a text', '"x"', JSON_TYPE, 400, 'bad_json'],
    ['null', 'null', JSON_TYPE, 400, 'bad_json'],
    [
      'a form',
      'name=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['plain text', JSON.stringify(camera), { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['compressed', 'x', { ...JSON_TYPE, 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['a wrong type', JSON.stringify({ ...camera, enabled: 'yes' }), JSON_TYPE, 400, 'bad_request'],
    ['an unknown field', JSON.stringify({ ...camera, admin: true }), JSON_TYPE, 400, 'bad_request'],
    [
      'an inner unknown field',
      JSON.stringify({ ...camera, record: { x: 1 } }),
      JSON_TYPE,
      400,
      'bad_request',
    ],
    ['a missing field', '{"name":"Yard"}', JSON_TYPE, 400, 'bad_request'],
    ['an address of a program', '{"name":"x","url":"exec:rm -rf /"}', JSON_TYPE, 400, 'bad_request'],
    [
      'a prototype',
      `{"name":"x","url":"${camera.url}","__proto__":{"admin":true}}`,
      JSON_TYPE,
      400,
      'bad_request',
    ],
    [
      'a constructor',
      JSON.stringify({ ...camera, constructor: { prototype: {} } }),
      JSON_TYPE,
      400,
      'bad_request',
    ],
  ])('%s is refused', async (_, body, headers, status, code) => {
    const response = await post('/cameras', body, headers);
    expect(response.status).toBe(status);
    expect((await problem(response)).code).toBe(code);
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  test('an error names the fields', async () => {
    const { errors } = await problem(await post('/cameras', '{"name":1,"url":"x"}'));
    expect(errors?.map(({ path }) => path)).toEqual(['name', 'url']);
  });

  test('deep nesting breaks nothing', async () => {
    const response = await post('/cameras', `{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect(response.status).toBe(400);
  });

  test.each([
    ['with its length', (body: Buffer) => body],
    ['in chunks', (body: Buffer) => new Blob([body]).stream()],
  ])('100 MB %s are refused at once', async (_, form) => {
    const body = form(Buffer.alloc(100_000_000, 0x20));
    const response = await fetch(`${gateway.url}/api/v1/cameras`, {
      method: 'POST',
      headers: { ...bearer(token), ...JSON_TYPE },
      body,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    expect((await problem(response)).code).toBe('payload_too_large');
  });

  test('a length is believed before a byte of the body is there', async () => {
    const head = `POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n`;
    const answer = await new Promise<string>((resolve) => {
      const socket = net.connect(gateway.port, '127.0.0.1', () => socket.write(head));
      socket.once('data', (data) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('what the path says cannot be said otherwise', async () => {
    const response = await fetch(`${gateway.url}/api/v1/cameras/yard?id=vault`, {
      method: 'PATCH',
      headers: { ...bearer(token), ...JSON_TYPE },
      body: '{"id":"vault"}',
    });
    expect(response.status).toBe(400);
  });

  test('an error inside shows nothing of itself but an id, under which the log has it', async () => {
    const response = await post('/cameras', JSON.stringify({ ...camera, name: 'explode' }));
    expect(response.status).toBe(500);
    const { code, requestId } = await problem(response);
    expect(code).toBe('internal');
    expect(response.headers.get('x-request-id')).toBe(requestId);
    expect(
      gateway.log.some(
        ({ level, fields }) => level === 'error' && JSON.stringify(fields).includes(requestId),
      ),
    ).toBe(true);
  });
});

describe('what is hardly HTTP', () => {
  test('huge headers', async () => {
    const answer = await sendRaw(gateway.port, rawGet('/healthz', { cookie: 'x'.repeat(40_000) }));
    expect(answer.status).toBe(431);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'headers_too_large' });
  });

  test('noise', async () => {
    const answer = await sendRaw(
      gateway.port,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http at all\r\n\r\n',
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_request' });
  });

  test('two lengths, and a length with chunks', async () => {
    const head = 'POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    for (const lengths of [
      'content-length: 2\r\ncontent-length: 3',
      'content-length: 2\r\ntransfer-encoding: chunked',
    ]) {
      const answer = await sendRaw(gateway.port, `${head}${lengths}\r\n\r\n{}`);
      expect(answer.status).toBe(400);
    }
  });

  test('no host', async () => {
    const answer = await sendRaw(gateway.port, 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_request' });
  });

  test('an unknown method', async () => {
    const response = await fetch(`${gateway.url}/api/v1/cameras`, { method: 'PROPFIND' });
    expect(response.status).toBe(405);
    expect((await problem(response)).code).toBe('method_not_allowed');
  });
});

describe('other sites', () => {
  const send = (headers: Record<string, string>, method = 'POST', path = '/cameras/probe') =>
    fetch(`${gateway.url}/api/v1${path}`, {
      method,
      headers: { ...JSON_TYPE, ...headers },
      ...(method === 'GET' ? {} : { body: '{"url":"rtsp://192.0.2.7/"}' }),
    });
  const cookie = () => ({ cookie: `a=b; sightmesh_session=${token}` });

  test('cannot use the cookie of a visitor to change something', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${gateway.port + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const response = await send({ ...cookie(), ...headers });
      expect(response.status, JSON.stringify(headers)).toBe(403);
      expect((await problem(response)).code).toBe('forbidden');
    }
    expect((await send({ ...cookie(), origin: gateway.url })).status).toBe(200);
    expect((await send({ ...bearer(token), origin: 'https://program.example' })).status).toBe(200);
  });

  test('cannot log their visitor in', async () => {
    const body = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD });
    const headers = { ...JSON_TYPE, origin: 'https://evil.example' };
    const response = await fetch(`${gateway.url}/api/v1/login`, { method: 'POST', headers, body });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  test('get no leave from OPTIONS', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' };
    const response = await fetch(`${gateway.url}/api/v1/cameras/yard`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, HEAD, PATCH, DELETE, OPTIONS');
    for (const name of response.headers.keys()) expect(name).not.toMatch(/^access-control-/);
  });
});

describe('a thousand wrong logins', () => {
  test('are refused after the first few, and others hardly notice', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    const attempt = (at: number) =>
      new Promise<number>((resolve, reject) => {
        const options = { method: 'POST', agent, headers: JSON_TYPE };
        const request = http.request(`${gateway.url}/api/v1/login`, options, (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
        });
        request.once('error', reject);
        request.end(JSON.stringify({ username: `user${at % 7}`, password: 'guess' }));
      });
    const flood = Promise.all(Array.from({ length: 1_000 }, (_, at) => attempt(at)));
    const others: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const from = performance.now();
      const response = await fetch(`${gateway.url}/api/v1/cameras`, { headers: bearer(token) });
      await response.arrayBuffer();
      expect(response.status).toBe(200);
      others.push(performance.now() - from);
    }
    const statuses = await flood;
    agent.destroy();
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(990);
    expect(Math.max(...others)).toBeLessThan(5_000);
    const body = JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD });
    const response = await fetch(`${gateway.url}/api/v1/login`, { method: 'POST', headers: JSON_TYPE, body });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await gateway.journal.drained();
    const tries = (await gateway.store.audit.list(500)).filter(
      ({ action, ok }) => action === 'accounts.login' && !ok,
    );
    expect(tries).toHaveLength(10);
    expect(JSON.stringify(await gateway.store.audit.list(500))).not.toContain('guess');
  });
});

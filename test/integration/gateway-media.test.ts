import http from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { accounts } from '../../src/contracts/accounts.ts';
import { client } from '../../src/contracts/define.ts';
import { publish } from '../../src/contracts/events.ts';
import { MP4 } from '../support/gateway/fake-media.ts';
import { until } from '../support/until.ts';
import { type RunningGateway, startGateway } from '../support/gateway/start.ts';
import { eventOf } from '../support/gateway/stand-ins.ts';

let gateway: RunningGateway;
let admin: string;
let visitor: string;
beforeAll(async () => {
  gateway = await startGateway();
  admin = await gateway.login('admin');
  visitor = await gateway.login('visitor');
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.media.streams.length = 0;
  gateway.media.hold = undefined;
  gateway.media.endless = false;
});

const RANGE = 'from=2026-01-05T11:00:00Z&to=2026-01-05T12:00:00Z';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (path: string, headers: Record<string, string> = {}, token = admin) =>
  fetch(`${gateway.url}/api/v1${path}`, { headers: { ...bearer(token), ...headers } });
const playback = (headers: Record<string, string> = {}) =>
  get(`/cameras/yard/playback.mp4?${RANGE}`, headers);
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe('playback', () => {
  test('comes whole, with its length', async () => {
    const response = await playback();
    expect(response.headers.get('content-length')).toBe(String(MP4.length));
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(await bytesOf(response)).toEqual(MP4);
  });

  test.each([
    ['bytes=0-99', 0, 99],
    ['bytes=59990-60010', 59_990, 60_010],
    ['bytes=99990-', 99_990, 99_999],
    ['bytes=-5', 99_995, 99_999],
    ['bytes=99999-200000', 99_999, 99_999],
  ])('range %s', async (range, start, end) => {
    const response = await playback({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${MP4.length}`);
    expect(await bytesOf(response)).toEqual(MP4.subarray(start, end + 1));
    await until('the work has ended', () => gateway.media.streams.every(({ destroyed }) => destroyed));
  });

  test('the first bytes of something huge take no longer than themselves', async () => {
    gateway.media.endless = 'terabyte';
    const response = await playback({ range: 'bytes=0-1' });
    expect(response.headers.get('content-range')).toBe('bytes 0-1/1000000000000');
    expect(await bytesOf(response)).toHaveLength(2);
    await until('the work has ended', () => gateway.media.streams[0]?.destroyed === true);
  });

  test('a range behind the end', async () => {
    const response = await playback({ range: 'bytes=100000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${MP4.length}`);
    expect(await response.json()).toMatchObject({ code: 'range_not_satisfiable' });
  });

  test('HEAD says the same without the bytes, and makes none', async () => {
    const response = await fetch(`${gateway.url}/api/v1/cameras/yard/playback.mp4?${RANGE}`, {
      method: 'HEAD',
      headers: bearer(admin),
    });
    expect(response.headers.get('content-length')).toBe(String(MP4.length));
    expect(await response.text()).toBe('');
    expect(gateway.media.streams.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test('an aborted download ends the work behind it', async () => {
    gateway.media.endless = 'unknown';
    const request = http.get(`${gateway.url}/api/v1/cameras/yard/playback.mp4?${RANGE}`, {
      headers: bearer(admin),
    });
    request.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      request.on('response', (response) => {
        response.once('data', () => {
          response.on('error', () => undefined);
          request.destroy();
          resolve();
        });
      });
    });
    await until(
      'the work has ended',
      () => gateway.media.streams.length === 1 && gateway.media.streams[0]?.destroyed === true,
    );
    expect(gateway.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('a caller that leaves before the first byte ends it too', async () => {
    let release: () => void = () => undefined;
    gateway.media.hold = new Promise((resolve) => (release = resolve));
    gateway.media.endless = 'unknown';
    gateway.media.asked.length = 0;
    const request = http.get(`${gateway.url}/api/v1/cameras/yard/playback.mp4?${RANGE}`, {
      headers: bearer(admin),
    });
    const closed = new Promise<void>((resolve) => request.once('close', () => resolve()));
    request.on('error', () => undefined);
    await until('it was asked for', () => gateway.media.asked.length === 1);
    request.destroy();
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    await until(
      'the work has ended',
      () => gateway.media.streams.length === 1 && gateway.media.streams[0]?.destroyed === true,
    );
  });

  test('a caller that reads nothing holds what is made up', async () => {
    gateway.media.endless = 'unknown';
    const request = http.get(`${gateway.url}/api/v1/cameras/yard/playback.mp4?${RANGE}`, {
      headers: bearer(admin),
    });
    request.on('error', () => undefined);
    const response = await new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    response.pause();
    const [stream] = gateway.media.streams;
    let before = -1;
    await until('no more is made', async () => {
      const made = stream?.readableFlowing === false || stream?.isPaused() === true;
      const same = before === request.socket?.bytesRead;
      before = request.socket?.bytesRead ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return made && same;
    });
    request.destroy();
    await until('the work has ended', () => stream?.destroyed === true);
  });

  test('a range of time that cannot be', async () => {
    for (const range of [
      'from=2026-01-05T12:00:00Z&to=2026-01-05T11:00:00Z',
      'from=2026-01-05T12:00:00Z&to=2027-01-05T11:00:00Z',
    ]) {
      const response = await get(`/cameras/yard/playback.mp4?${range}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'bad_range' });
    }
  });

  test('to take it along needs the right to export', async () => {
    const path = `/cameras/yard/playback.mp4?${RANGE}&download=my%20"clip".mp4`;
    expect((await get(path, {}, visitor)).status).toBe(403);
    const response = await get(path);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="my _clip_\.mp4"/);
    await response.arrayBuffer();
    await gateway.journal.drained();
    const records = await gateway.store.audit.list(100);
    expect(records).toContainEqual(
      expect.objectContaining({ action: 'gateway.playbackMp4', user: 'admin', target: 'yard', ok: true }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({ action: 'gateway.playbackMp4', user: 'visitor', ok: false }),
    );
  });
});

/** Collects the names and payloads of server-sent events. */
async function follow(token: string, query = ''): Promise<{ texts: string[]; ended: Promise<void> }> {
  const response = await get(`/stream${query}`, {}, token);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const texts: string[] = [];
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      texts.push(decoder.decode(chunk));
  };
  return { texts, ended: read().catch(() => undefined) };
}

describe('server-sent events', () => {
  const state = (camera: string) =>
    ({ camera, state: 'live', message: null, time: '', node: 'n', epoch: 1 }) as const;

  test('only those that the caller may hear', async () => {
    const all = await follow(admin);
    const mine = await follow(visitor);
    const states = await follow(admin, '?types=camera.state');
    await publish(gateway.broker, 'camera.state', state('vault'));
    await publish(gateway.broker, 'event.new', { event: eventOf('e1', 'vault') });
    await publish(gateway.broker, 'storage.state', { volume: 'v', state: 'full', message: null });
    await publish(gateway.broker, 'camera.state', state('yard'));
    for (const { texts } of [all, mine, states])
      await until('yard is told', () => texts.join('').includes('"yard"'));
    expect(all.texts.join('').match(/^event: .*$/gm)).toEqual(
      ['camera.state', 'event.new', 'storage.state', 'camera.state'].map((name) => `event: ${name}`),
    );
    expect(mine.texts.join('')).not.toMatch(/vault|storage/);
    expect(states.texts.join('')).not.toMatch(/event\.new|storage/);
  });

  test('an unknown type is refused', async () => {
    expect((await get('/stream?types=camera.state,x')).status).toBe(400);
  });

  test('logging out ends them, and the sockets, at once', async () => {
    const token = await gateway.login('visitor');
    const { ended } = await follow(token);
    const socket = await open('/cameras/yard/mse', bearer(token));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const response = await fetch(`${gateway.url}/api/v1/logout`, { method: 'POST', headers: bearer(token) });
    expect(response.status).toBe(204);
    await ended;
    expect(await closed).toBe(1008);
    expect((await get('/cameras', {}, token)).status).toBe(401);
  });

  test('a camera that is taken away from its viewer goes dark', async () => {
    await client(gateway.broker, accounts).createUser({
      name: 'short',
      password: 'correct horse',
      cameras: ['yard', 'vault'],
    });
    const token = await gateway.login('short', 'correct horse');
    const socket = await open('/cameras/vault/mse', bearer(token));
    const stays = await open('/cameras/yard/mse', bearer(token));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const response = await fetch(`${gateway.url}/api/v1/users/short`, {
      method: 'PATCH',
      headers: { ...bearer(admin), 'content-type': 'application/json' },
      body: '{"cameras":["yard"]}',
    });
    expect(response.status).toBe(200);
    expect(await closed).toBe(1008);
    expect(stays.readyState).toBe(WebSocket.OPEN);
    stays.close();
  });
});

function open(path: string, headers: Record<string, string>): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/api/v1${path}`, { headers });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      reject(new Error(`answered ${response.statusCode ?? 0}`));
    });
  });
}

describe('MSE by WebSocket', () => {
  const cookie = (token: string) => ({ cookie: `sightmesh_session=${token}` });

  test('opens with a token, or with the cookie from our own pages', async () => {
    for (const headers of [bearer(visitor), { ...cookie(visitor), origin: gateway.url }]) {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/api/v1/cameras/yard/mse?stream=sub`, {
        headers,
      });
      const text = await new Promise<string>((resolve) =>
        socket.once('message', (data: Buffer) => resolve(data.toString())),
      );
      expect(text).toBe('yard sub');
      socket.close();
    }
  });

  test.each([
    ['without login', () => ({}), '/cameras/yard/mse', 401],
    [
      'with the cookie from another site',
      () => ({ ...cookie(visitor), origin: 'https://evil.example' }),
      '/cameras/yard/mse',
      403,
    ],
    ['of another camera', () => bearer(visitor), '/cameras/vault/mse', 403],
    ['of a stream that cannot be', () => bearer(visitor), '/cameras/yard/mse?stream=x', 400],
    ['with the token in the address', () => ({}), '/cameras/yard/mse?token=x', 401],
  ])('%s it is refused', async (_, headers, path, status) => {
    await expect(open(path, headers() as Record<string, string>)).rejects.toThrow(`answered ${status}`);
  });

  test('tells why it cannot be served', async () => {
    const socket = await open('/cameras/vault/mse?stream=sub', bearer(admin));
    const why = await new Promise<[number, string]>((resolve) =>
      socket.once('close', (code, reason) => resolve([code, reason.toString()])),
    );
    expect(why).toEqual([1011, 'camera_offline']);
  });

  test('a message that is too large closes it, and nothing else', async () => {
    const socket = await open('/cameras/yard/mse', bearer(visitor));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send(Buffer.alloc(1_000_000));
    expect(await closed).toBe(1009);
    expect((await get('/cameras')).status).toBe(200);
  });
});

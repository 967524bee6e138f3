import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import type { Camera, EventRecord } from '../../../src/contracts/entities.ts';
import { coverage, makeState, nodes, recordings, session, status, volumes, type MockState } from './data.ts';
import { liveFragments, mediaFile, MSE_CODECS } from './media.ts';

/**
 * A small stand-in for the gateway, for work on the console and for its browser test: all answers from memory, pictures
 * from ffmpeg. WebRTC is off here, so the player goes down to MSE.
 */

const DIST = path.join(import.meta.dirname, '../../dist');
const MEDIA = path.join(os.tmpdir(), 'sightmesh-mock');
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
export const CSP =
  "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

interface Call {
  readonly state: MockState;
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly response: ServerResponse;
}

type Handler = (call: Call) => unknown;

const STREAMING = Symbol('streaming');
const page = (items: unknown[], query: URLSearchParams): unknown => {
  const at = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return {
    items: items.slice(at, at + limit),
    ...(at + limit < items.length ? { next: String(at + limit) } : {}),
  };
};
const found = <T>(item: T | undefined): T => {
  if (!item) throw new Refusal(404, 'not_found', 'There is nothing at this address');
  return item;
};
const cameraOf = ({ state, params }: Call): Camera =>
  found(state.cameras.find(({ id }) => id === params['id']));
const eventOf = ({ state, params }: Call): EventRecord =>
  found(state.events.find(({ id }) => id === params['id']));
const time = (query: URLSearchParams, name: string): number => Date.parse(query.get(name) ?? '');

function sendFile(response: ServerResponse, file: string, type: string): typeof STREAMING {
  const { size } = statSync(file);
  response.writeHead(200, { 'content-type': type, 'content-length': size, 'content-security-policy': CSP });
  createReadStream(file).pipe(response);
  return STREAMING;
}

const merge = (target: object, patch: Record<string, unknown>): void => {
  for (const [key, value] of Object.entries(patch)) {
    const old: unknown = Reflect.get(target, key);
    const nested =
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      typeof old === 'object' &&
      old !== null;
    Reflect.set(target, key, nested ? { ...old, ...value } : value);
  }
};

function filterEvents({ state, query }: Call): EventRecord[] {
  const among = (name: string, values: readonly string[]): boolean => {
    const wanted = query.get(name)?.split(',');
    return !wanted || values.some((value) => wanted.includes(value));
  };
  return state.events.filter((event) => {
    const start = Date.parse(event.start);
    if (!among('camera', [event.camera]) || !among('label', [event.label]) || !among('zone', event.zones))
      return false;
    if (query.has('from') && start < time(query, 'from')) return false;
    if (query.has('to') && start >= time(query, 'to')) return false;
    return event.score >= Number(query.get('minScore') ?? 0);
  });
}

const HANDLERS: Record<string, Handler> = {
  'GET /session': ({ state }) => session(state),
  'POST /login': ({ state, body }) => {
    if (body['password'] !== 'password')
      throw new Refusal(401, 'login_failed', 'User name or password is wrong');
    state.loggedIn = true;
    return { token: 'mock', expires: new Date(Date.now() + 1e8).toISOString(), user: null };
  },
  'POST /logout': ({ state }) => {
    state.loggedIn = false;
  },
  'POST /session/password': ({ body }) => {
    if (body['current'] !== 'password')
      throw new Refusal(401, 'login_failed', 'The current password is wrong');
  },
  'GET /cameras': ({ state }) => ({ items: state.cameras }),
  'POST /cameras': ({ state, body }) => {
    const made = {
      ...structuredClone(found(state.cameras[1])),
      origin: 'catalog' as const,
      id: String(body['name'])
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-'),
    };
    merge(made, body);
    state.cameras.push(made);
    return made;
  },
  'POST /cameras/probe': ({ body }) =>
    String(body['url']).includes('wrong')
      ? {
          ok: false,
          code: 'unauthorized',
          messages: [
            'The camera answers, but refuses the user name or the password.',
            'Correct both and try again.',
          ],
          connectMs: null,
          firstKeyFrameMs: null,
          video: null,
          audio: null,
        }
      : {
          ok: true,
          code: null,
          messages: ['H.264 1920×1080 at 25 frames per second.', 'Sound: AAC, 48 kHz, 2 channels.'],
          connectMs: 23,
          firstKeyFrameMs: 640,
          video: {
            codec: 'H.264',
            codecString: 'avc1.640028',
            width: 1920,
            height: 1080,
            fps: 25,
            kbps: 4050,
            gopSeconds: 2,
            reorders: false,
          },
          audio: { codec: 'AAC', sampleRate: 48_000, channels: 2 },
        },
  'GET /cameras/:id': cameraOf,
  'PATCH /cameras/:id': (call) => {
    const target = cameraOf(call);
    merge(target, call.body);
    return target;
  },
  'DELETE /cameras/:id': (call) => {
    call.state.cameras.splice(call.state.cameras.indexOf(cameraOf(call)), 1);
  },
  'GET /cameras/:id/status': (call) => status(cameraOf(call)),
  'POST /cameras/:id/live': () => {
    throw new Refusal(503, 'webrtc_unavailable', 'WebRTC is off on this node');
  },
  'GET /cameras/:id/snapshot.jpg': (call) =>
    sendFile(call.response, mediaFile(MEDIA, cameraOf(call).id, 'jpg'), 'image/jpeg'),
  'GET /cameras/:id/playback.mp4': (call) =>
    sendFile(call.response, mediaFile(MEDIA, cameraOf(call).id, 'mp4'), 'video/mp4'),
  'GET /recordings': ({ query }) =>
    recordings(query.get('camera') ?? '', time(query, 'from'), time(query, 'to')),
  'GET /events': (call) => page(filterEvents(call), call.query),
  'GET /events/:id': eventOf,
  'PATCH /events/:id': (call) => {
    const target = eventOf(call);
    merge(target, call.body);
    return target;
  },
  'GET /events/:id/snapshot.jpg': (call) =>
    sendFile(call.response, mediaFile(MEDIA, eventOf(call).camera, 'jpg'), 'image/jpeg'),
  'GET /events/:id/clip.mp4': (call) =>
    sendFile(call.response, mediaFile(MEDIA, eventOf(call).camera, 'mp4'), 'video/mp4'),
  'GET /users': ({ state }) => ({ items: state.users }),
  'POST /users': ({ state, body }) => {
    const made = {
      name: String(body['name']),
      role: body['role'] as 'viewer',
      cameras: body['cameras'] as '*',
      disabled: false,
      createdAt: new Date().toISOString(),
    };
    state.users.push(made);
    return made;
  },
  'PATCH /users/:id': ({ state, params, body }) => {
    const target = found(state.users.find(({ name }) => name === params['id']));
    merge(target, body);
    return target;
  },
  'DELETE /users/:id': ({ state, params }) => {
    state.users = state.users.filter(({ name }) => name !== params['id']);
  },
  'GET /audit': ({ query }) =>
    page(
      Array.from({ length: 40 }, (_, index) => ({
        id: String(index),
        time: new Date(Date.now() - index * 1e6).toISOString(),
        user: 'admin',
        action: index % 3 ? 'catalog.updateCamera' : 'accounts.login',
        target: index % 3 ? 'yard' : null,
        address: '192.0.2.44',
        ok: index % 7 !== 3,
      })),
      query,
    ),
  'GET /nodes': () => ({ items: nodes }),
  'GET /volumes': () => ({ items: volumes }),
  'GET /coverage': ({ state, query }) => ({
    items: coverage(state.cameras, time(query, 'from'), time(query, 'to')),
  }),
  'GET /placement': ({ state }) => ({
    items: state.cameras.flatMap(({ id }) =>
      ['camera', 'recorder', 'analyzer'].map((kind) => ({
        actor: `${kind}.${id}`,
        owner: { node: 'node-a', incarnation: 'x' },
        epoch: 3,
        since: new Date(Date.now() - 1e7).toISOString(),
        reasons: ['has the role', 'least load'],
      })),
    ),
  }),
  'GET /stream': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    return STREAMING;
  },
};

const ROUTES = Object.entries(HANDLERS).map(([route, handler]) => {
  const [method = '', template = ''] = route.split(' ');
  return {
    method,
    handler,
    pattern: new RegExp(`^/api/v1${template.replaceAll('.', '\\.').replace(':id', '(?<id>[^/]+)')}$`),
  };
});

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}

async function api(
  state: MockState,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    });
    response.end(JSON.stringify(body));
  };
  try {
    const body = await readBody(request);
    const route = ROUTES.find(
      ({ method, pattern }) => method === request.method && pattern.test(url.pathname),
    );
    const params = { ...route?.pattern.exec(url.pathname)?.groups };
    if (!state.loggedIn && !/\/(session|login)$/.test(url.pathname))
      throw new Refusal(401, 'unauthenticated', 'Login is needed');
    const result = found(route).handler({ state, params, query: url.searchParams, body, response });
    if (result === STREAMING) return;
    if (result === undefined) response.writeHead(204).end();
    else json(200, result);
  } catch (error) {
    if (error instanceof Refusal) json(error.status, { title: error.message, code: error.code, help: '' });
    else json(500, { title: String(error), code: 'internal' });
  }
}

function serveConsole(response: ServerResponse, pathname: string): void {
  const wanted = path.join(DIST, path.normalize(pathname));
  const file = pathname !== '/' && existsSync(wanted) ? wanted : path.join(DIST, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
    'content-security-policy': CSP,
  });
  response.end(readFileSync(file));
}

export function startMock(port: number): Promise<Server> {
  const state = makeState();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (url.pathname.startsWith('/api/')) void api(state, request, response, url);
    else serveConsole(response, url.pathname);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const [, id] = /^\/api\/v1\/cameras\/([^/]+)\/mse/.exec(request.url ?? '') ?? [];
    sockets.handleUpgrade(request, socket, head, (client) => {
      if (id === undefined || id === 'parking') {
        client.close(4503, 'camera_offline');
        return;
      }
      client.send(JSON.stringify({ codecs: MSE_CODECS }));
      const stop = liveFragments(id, (data) => client.send(data));
      client.on('close', stop);
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

if (process.argv[1] === import.meta.filename) {
  await startMock(Number(process.argv[2] ?? 5180));
  console.log(
    'The console with made-up data: http://127.0.0.1:%s (admin, password)',
    process.argv[2] ?? '5180',
  );
}

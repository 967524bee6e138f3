import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { partOf, rangeOf } from '../../../src/actors/gateway/range.ts';
import type { Camera, EventRecord } from '../../../src/contracts/entities.ts';
import { coverage, nodes, recordings, session, status, volumes, type MockState } from './data.ts';
import { mediaFile } from './media.ts';

const MEDIA = path.join(os.tmpdir(), 'sightmesh-mock');

/** An answer that is a problem document. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly { path: string; message: string }[];
  constructor(status: number, code: string, detail: string, errors: Refusal['errors'] = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export interface Call {
  readonly state: MockState;
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type Handler = (call: Call) => unknown;

/** The handler answers by itself. */
export const STREAMING = Symbol('streaming');
const page = (items: unknown[], query: URLSearchParams): unknown => {
  const at = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return {
    items: items.slice(at, at + limit),
    ...(at + limit < items.length ? { next: String(at + limit) } : {}),
  };
};
export const found = <T>(item: T | undefined): T => {
  if (!item) throw new Refusal(404, 'not_found', 'There is nothing at this address');
  return item;
};
const cameraOf = ({ state, params }: Call): Camera =>
  found(state.cameras.find(({ id }) => id === params['id']));
const eventOf = ({ state, params }: Call): EventRecord =>
  found(state.events.find(({ id }) => id === params['id']));
const time = (query: URLSearchParams, name: string): number => Date.parse(query.get(name) ?? '');

function sendFile({ request, response }: Call, file: string, type: string): typeof STREAMING {
  const { size } = statSync(file);
  const range = rangeOf(request.headers.range, size);
  const length = range ? range.end - range.start + 1 : size;
  response.writeHead(range ? 206 : 200, {
    'content-type': type,
    'content-length': length,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  });
  const stream = createReadStream(file);
  if (range) Readable.from(partOf(stream, range)).pipe(response);
  else stream.pipe(response);
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
    const text = (query.get('text') ?? '').toLowerCase();
    if (!`${event.label} ${event.sublabel ?? ''} ${event.camera}`.includes(text)) return false;
    return event.score >= Number(query.get('minScore') ?? 0);
  });
}

export const HANDLERS: Record<string, Handler> = {
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
    const { username, password, ...rest } = body;
    const id = String(body['name'])
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-');
    if (state.cameras.some((camera) => camera.id === id))
      throw new Refusal(409, 'camera_exists', 'A camera with this id exists');
    if (String(body['url']).includes('refuse'))
      throw new Refusal(400, 'bad_request', 'url: is refused', [{ path: 'url', message: 'is refused' }]);
    const made = {
      ...structuredClone(found(state.cameras[1])),
      hasCredentials: username !== undefined || password !== undefined,
      origin: 'catalog' as const,
      id,
    };
    merge(made, rest);
    state.cameras.push(made);
    return made;
  },
  'POST /cameras/probe': ({ body }) =>
    body['password'] === 'wrong'
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
            codec: 'h264',
            codecString: 'avc1.640028',
            width: 1920,
            height: 1080,
            fps: 25,
            kbps: 4050,
            gopSeconds: 2,
            reorders: false,
          },
          audio: { codec: 'aac', sampleRate: 48_000, channels: 2 },
        },
  'GET /cameras/:id': cameraOf,
  'PATCH /cameras/:id': (call) => {
    const target = cameraOf(call);
    const { username, password, ...rest } = call.body;
    merge(target, rest);
    if (username !== undefined || password !== undefined) target.hasCredentials = username !== null;
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
    sendFile(call, mediaFile(MEDIA, cameraOf(call).id, 'jpg'), 'image/jpeg'),
  'GET /cameras/:id/playback.mp4': (call) =>
    sendFile(call, mediaFile(MEDIA, cameraOf(call).id, 'mp4'), 'video/mp4'),
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
    sendFile(call, mediaFile(MEDIA, eventOf(call).camera, 'jpg'), 'image/jpeg'),
  'GET /events/:id/clip.mp4': (call) =>
    sendFile(call, mediaFile(MEDIA, eventOf(call).camera, 'mp4'), 'video/mp4'),
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
  'GET /stream': ({ state, response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 2000\n\n');
    state.listeners.add(response);
    response.on('close', () => state.listeners.delete(response));
    return STREAMING;
  },
};

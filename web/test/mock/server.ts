import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { StaticFiles } from '../../../src/actors/gateway/static-files.ts';
import { setSecurityHeaders } from '../../../src/actors/gateway/security-headers.ts';
import type { EventName, Events } from '../../../src/contracts/events.ts';
import { makeState, type MockState } from './data.ts';
import { found, HANDLERS, Refusal, STREAMING } from './handlers.ts';
import { liveFragments, MSE_CODECS } from './media.ts';

/**
 * A small stand-in for a node, for work on the console and for its browser test: the console's files and the headers as
 * the gateway sends them, all answers from memory, pictures from ffmpeg. WebRTC is off here, so the player goes down to MSE.
 */

const DIST = path.join(import.meta.dirname, '../../dist');

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
    const result = found(route).handler({ state, params, query: url.searchParams, body, request, response });
    if (result === STREAMING) return;
    if (result === undefined) response.writeHead(204).end();
    else json(200, result);
  } catch (error) {
    if (error instanceof Refusal) {
      const { status, message: title, code, errors } = error;
      json(status, { title, status, code, help: '', ...(errors.length > 0 && { errors }) });
    } else json(500, { title: String(error), code: 'internal' });
  }
}

export interface Mock {
  readonly url: string;
  readonly state: MockState;
  /** Tells all open consoles. */
  emit<E extends EventName>(name: E, payload: Events[E]): void;
  /** Cuts the live pictures of a camera. */
  dropViewers(camera: string): void;
  close(): Promise<void>;
}

/**
 * `folder` holds the built console.
 * @throws Error when it does not
 */
export async function startMock(port: number, folder = DIST): Promise<Mock> {
  const state = makeState();
  const files = new StaticFiles(folder);
  const server = createServer((request, response) => {
    setSecurityHeaders(response);
    const url = new URL(request.url ?? '/', 'http://mock');
    if (url.pathname.startsWith('/api/')) void api(state, request, response, url);
    else if (!files.serve(request, response)) response.writeHead(404).end();
  });
  const viewers = new Map<WebSocket, string>();
  const sockets = serveMse(server, state, viewers);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    emit: (name, payload) => {
      for (const listener of state.listeners)
        listener.write(`event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`);
    },
    dropViewers: (camera) => {
      for (const [client, id] of viewers) if (id === camera) client.terminate();
    },
    close: () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function serveMse(server: Server, state: MockState, viewers: Map<WebSocket, string>): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const [, id] = /^\/api\/v1\/cameras\/([^/]+)\/mse/.exec(request.url ?? '') ?? [];
    sockets.handleUpgrade(request, socket, head, (client) => {
      if (id === undefined || state.offline.has(id)) {
        client.close(4503, 'camera_offline');
        return;
      }
      client.send(JSON.stringify({ codecs: MSE_CODECS }));
      const stop = liveFragments(id, (data) => client.send(data));
      viewers.set(client, id);
      client.on('close', () => {
        viewers.delete(client);
        stop();
      });
    });
  });
  return sockets;
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startMock(Number(process.argv[2] ?? 5180));
  console.log('The console with made-up data: %s (admin, password)', url);
}

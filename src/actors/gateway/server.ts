import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../../../config/schema.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { StartError } from '../../mixins/service.ts';
import { BODY_LIMIT } from './body.ts';
import { rawProblem } from './raw-problem.ts';

export type WebServer = http.Server | https.Server;

export interface ServerHandlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Bytes of all headers of a request together. */
const MAX_HEADERS = 16_384;
/** Milliseconds for the headers, and for the whole request. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Milliseconds without a byte in either direction: a caller that reads nothing is cut off. */
const SILENT_MS = 60_000;
const KEEP_ALIVE_MS = 30_000;
const CHECK_MS = 2_000;
/** Milliseconds that answers under way get when the server closes. */
const CLOSE_MS = 1_500;

/** @throws StartError when the files of `tls` cannot be read or do not fit together */
export function createWebServer({ tls }: Pick<Config, 'tls'>, handlers: ServerHandlers): WebServer {
  const options = {
    maxHeaderSize: MAX_HEADERS,
    requireHostHeader: false,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const { cert, key } = tls;
  const server =
    cert === null || key === null
      ? http.createServer(options)
      : https.createServer({ ...options, ...tlsOf(cert, key) });
  server.timeout = SILENT_MS;
  server.on('request', (request, response) => handlers.request(request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) <= BODY_LIMIT) response.writeContinue();
    handlers.request(request, response);
  });
  server.on('upgrade', (request, socket, head) => handlers.upgrade(request, socket, head));
  server.on('clientError', refuse);
  return server;
}

function tlsOf(cert: string, key: string): https.ServerOptions {
  const read = (name: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new StartError(`${name}: ${file} cannot be read`, { cause: error });
    }
  };
  return { cert: read('tls.cert', cert), key: read('tls.key', key), minVersion: 'TLSv1.2' };
}

/** Answers what is not HTTP, is too large or comes too slowly. */
function refuse(error: NodeJS.ErrnoException & { bytesParsed?: number }, socket: Duplex): void {
  const answered = 'bytesWritten' in socket && Number(socket.bytesWritten) > 0;
  if (!socket.writable || answered || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  socket.end(rawProblem(new SightmeshError(codeOf(error.code))));
  setTimeout(() => socket.destroy(), CLOSE_MS).unref();
}

function codeOf(code: string | undefined): 'headers_too_large' | 'request_timeout' | 'bad_request' {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
}

/** @throws StartError that says what to do when the address cannot be used */
export function listen(server: WebServer, { host, port }: Config['http']): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why = WHY[error.code ?? ''] ?? error.message;
      reject(new StartError(`cannot listen on ${host} port ${port}: ${why}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve(server.address() as AddressInfo);
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program uses it; set SIGHTMESH_HTTP_PORT (http.port) to another port, or to 0 for any free one',
  EACCES: 'this user may not; choose a port above 1023 (http.port)',
  EADDRNOTAVAIL: 'this machine has no such address (http.host)',
};

/** Lets answers under way end for a moment, then cuts off what is left. */
export async function closeServer(server: WebServer): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(late);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Hub } from '../hub/hub.ts';
import { nodeOf } from './certificates.ts';
import { LINK_PROTOCOL } from './frames.ts';
import { HubStreaming } from './hub-streaming.ts';
import type { LinkIdentity } from './identity.ts';
import { sendFile } from './send-file.ts';

export interface LinkServerOptions {
  readonly identity: LinkIdentity;
  readonly hubs: { get(camera: string, stream: string): Hub | undefined };
  /**
   * The absolute path of a segment file of this node; undefined for every path that is not the one of a segment here.
   *
   * @param path below the root of the volume, as it came: believe nothing
   */
  readonly segmentFile: (volume: string, path: string) => string | undefined;
  readonly log: { debug(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Address to listen on. Default: all. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface LinkServerStats {
  /** Links that are being read now. */
  readonly links: number;
  /** Requests that were refused: certificate, ticket, or nothing at that address. */
  readonly refused: number;
}

const HANDSHAKE_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 8_192;

/**
 * Gives the hubs and segment files of this node to its peers, and to nobody else: both sides show a certificate of the
 * cluster, and each request carries a ticket for exactly its path.
 */
export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #streaming = new Set<HubStreaming>();
  #refused = 0;

  private constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#server = createServer({
      ...options.identity.tls,
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headersTimeout: HANDSHAKE_TIMEOUT_MS,
      requestTimeout: HANDSHAKE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 5_000,
    });
    this.#server.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (err: Error, socket: Duplex) => {
      this.#refused += 1;
      options.log.debug({ err }, 'somebody without a certificate of the cluster was turned away');
      socket.destroy();
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('request', (request, response) =>
      this.#guard(this.#onRequest(request, response), response),
    );
    this.#server.on('upgrade', (request, socket, head) =>
      this.#guard(this.#onUpgrade(request, socket, head), socket),
    );
  }

  /** @throws NodeJS.ErrnoException when the port cannot be had */
  static async listen(options: LinkServerOptions): Promise<LinkServer> {
    const link = new LinkServer(options);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen({ host: options.host, port: options.port }, () => {
        link.#server.removeListener('error', reject);
        resolve();
      });
    });
    link.#server.on('error', (err) => options.log.warn({ err }, 'the link port does not work'));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get stats(): LinkServerStats {
    return { links: this.#streaming.size, refused: this.#refused };
  }

  /** Idempotent. Ends all links. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #guard(work: Promise<void>, end: { destroy(): unknown }): void {
    work.catch((err: unknown) => {
      this.#options.log.warn({ err }, 'a request of another node failed');
      end.destroy();
    });
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const [, camera = '', stream = ''] = /^\/hub\/([\w-]+)\/([\w-]+)$/.exec(request.url ?? '') ?? [];
    const status = request.headers.upgrade === LINK_PROTOCOL ? await this.#check(request) : 426;
    const hub = status === 200 ? this.#options.hubs.get(camera, stream) : undefined;
    if (socket.destroyed) return;
    if (hub === undefined) {
      this.#refuse(socket, status === 200 ? 404 : status);
      return;
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${LINK_PROTOCOL}\r\n\r\n`,
    );
    const streaming = new HubStreaming(hub, socket, readerOf(request) ?? 'node');
    this.#streaming.add(streaming);
    socket.once('close', () => this.#streaming.delete(streaming));
    streaming.start(head);
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, volume = '', path = ''] = /^\/archive\/([\w-]+)\/([\w./-]+)$/.exec(request.url ?? '') ?? [];
    const status = request.method === 'GET' ? await this.#check(request) : 405;
    const file = status === 200 ? this.#options.segmentFile(volume, path) : undefined;
    if (file !== undefined && (await sendFile(file, request.headers.range, response))) return;
    this.#refused += 1;
    response.writeHead(status === 200 ? 404 : status).end();
  }

  /** 200 when the certificate and the ticket fit this request. */
  async #check(request: IncomingMessage): Promise<number> {
    const reader = readerOf(request);
    const [, ticket] = /^Bearer ([\w.-]{1,4096})$/.exec(request.headers.authorization ?? '') ?? [];
    if (reader === undefined || ticket === undefined) return 403;
    const { tickets, nodeId: server } = this.#options.identity;
    const verdict = await tickets.verify(ticket, { path: request.url ?? '', reader, server });
    return { good: 200, expired: 401, refused: 403 }[verdict];
  }

  /** With the date, by which the other node makes a ticket that is not expired here. */
  #refuse(socket: Duplex, status: number): void {
    this.#refused += 1;
    const date = new Date(this.#options.identity.now()).toUTCString();
    socket.end(
      `HTTP/1.1 ${String(status)} Refused\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  }
}

/** The node whose certificate, which the handshake has verified, is on the other side. */
function readerOf({ socket }: IncomingMessage): string | undefined {
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate && nodeOf(certificate);
}

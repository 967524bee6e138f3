import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CallTarget, ParamsOf } from '../../contracts/define.ts';
import { parseParams } from '../../contracts/define.ts';
import { errorCode, SightmeshError } from '../../contracts/errors.ts';
import { API_BASE } from '../../contracts/openapi.ts';
import { maySee, mayUse } from '../../contracts/rights.ts';
import { mediaRoutes } from '../../contracts/routes.ts';
import { authenticate, authorize, authorizeCamera, type Login } from './access.ts';
import { mergeParams, queryOf } from './params.ts';
import { checkPath } from './paths.ts';
import { rawProblem } from './raw-problem.ts';
import type { GatewayOptions } from './types.ts';
import type { LoginWatch } from './watch.ts';

const { mse } = mediaRoutes.actions;
const PATH = new RegExp(`^${API_BASE}${mse.rest.replace('GET ', '').replace(':id', '(?<id>[^/]+)')}$`);

/** Bytes of one message from a viewer; they only say what they want. */
const MAX_MESSAGE = 65_536;
const PING_EVERY_MS = 20_000;
/** WebSocket close codes: the server failed, the viewer may not any more, the server goes away. */
const CLOSE = { failed: 1011, refused: 1008, away: 1001 } as const;

export interface MseUpgradeParts extends Pick<GatewayOptions, 'media' | 'log' | 'config'> {
  readonly target: CallTarget;
  readonly watch: LoginWatch;
}

/** Opens the WebSockets of MSE, after the same checks as for every other route. */
export class MseUpgrades {
  readonly #parts: MseUpgradeParts;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
  });
  readonly #answered = new WeakSet<WebSocket>();
  readonly #pinging: NodeJS.Timeout;

  constructor(parts: MseUpgradeParts) {
    this.#parts = parts;
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS).unref();
  }

  get size(): number {
    return this.#sockets.clients.size;
  }

  /** Never throws: what is refused is answered with a problem document. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = randomUUID();
    const gone = (): void => void socket.destroy();
    socket.on('error', gone);
    try {
      const { params, login } = await this.#check(request);
      socket.off('error', gone);
      this.#sockets.handleUpgrade(request, socket, head, (opened) => void this.#serve(opened, params, login));
    } catch (error) {
      if (errorCode(error) === undefined)
        this.#parts.log.error({ err: error, requestId }, 'an upgrade failed');
      socket.end(rawProblem(error, requestId));
    }
  }

  /** @throws SightmeshError */
  async #check(request: IncomingMessage): Promise<{ params: ParamsOf<typeof mse>; login: Login }> {
    const { url = '/' } = request;
    checkPath(url);
    const id = PATH.exec(url.split('?', 1)[0] ?? '')?.groups?.['id'];
    if (id === undefined || request.method !== 'GET') throw new SightmeshError('not_found');
    const path = { id: decodeURIComponent(id) };
    const login = await authenticate(this.#parts.target, request, this.#parts.config.http.trustProxy);
    authorize(mse, login);
    authorizeCamera(mse, path, login);
    if (!login) throw new SightmeshError('unauthenticated');
    return { params: parseParams(mse, mergeParams(path, queryOf(url), {})), login };
  }

  async #serve(socket: WebSocket, { id, stream }: ParamsOf<typeof mse>, login: Login): Promise<void> {
    const unwatch = this.#parts.watch.add({
      login,
      allowed: ({ caller }) => mayUse(caller, 'live') && maySee(caller, id),
      end: () => socket.close(CLOSE.refused, 'forbidden'),
    });
    this.#answered.add(socket);
    socket.on('pong', () => this.#answered.add(socket));
    socket.on('error', () => socket.terminate());
    socket.once('close', unwatch);
    try {
      await this.#parts.media.mse(id, stream, socket);
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) this.#parts.log.error({ err: error, camera: id }, 'MSE could not be served');
      socket.close(CLOSE.failed, code ?? 'internal');
    }
  }

  /** A viewer that has not answered the ping before is gone. */
  #ping(): void {
    for (const socket of this.#sockets.clients) {
      if (this.#answered.delete(socket)) socket.ping();
      else socket.terminate();
    }
  }

  close(): void {
    clearInterval(this.#pinging);
    for (const socket of this.#sockets.clients) {
      socket.close(CLOSE.away);
      setTimeout(() => socket.terminate(), 500).unref();
    }
  }
}

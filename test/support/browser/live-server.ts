import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ServiceBroker } from 'moleculer';
import { build } from 'vite';
import { WebSocketServer } from 'ws';
import { Spawner } from '../../../src/actors/node/spawner.ts';
import { createRestreamService } from '../../../src/actors/restreamer/restream.service.ts';
import { restream } from '../../../src/contracts/actors.ts';
import { client } from '../../../src/contracts/define.ts';
import { ERRORS, errorCode } from '../../../src/contracts/errors.ts';
import { HubRegistry } from '../../../src/media/hub/registry.ts';
import { LiveMedia } from '../../../src/media/live-media.ts';
import { PictureMaker } from '../../../src/media/picture/maker.ts';
import { AudioTranscoding } from '../../../src/media/transcode/transcoding.ts';
import { WebRtcPool } from '../../../src/media/webrtc/pool.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>live</title><body><script src="/players.js"></script>';

/** The console's players as one script. */
export async function bundlePlayers(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL('../../../web/test/support/live-page.ts', import.meta.url)),
        name: 'players',
        formats: ['iife'],
      },
    },
  });
  const first = Array.isArray(result) ? result[0] : result;
  if (first === undefined || !('output' in first)) throw new Error('the players were not bundled');
  return first.output[0].code;
}

/** Everything that live viewing needs of a node, without login, behind the routes of the gateway. */
export class LiveServer {
  readonly transcoding = new AudioTranscoding({ idleMs: 500 });
  readonly hubs = new HubRegistry();
  readonly pictures = new PictureMaker();
  readonly media = new LiveMedia(this.hubs, this.pictures);
  readonly pool: WebRtcPool;
  readonly spawner: Spawner;
  readonly #broker = new ServiceBroker({ nodeID: 'here', logger: false });
  readonly #http = http.createServer((request, response) => void this.#answer(request, response));
  #script = '';

  constructor(options: { workerBin?: string | undefined; workers?: number } = {}) {
    const { workerBin, workers = 1 } = options;
    this.hubs.transcodeSound(this.transcoding.aac);
    this.pool = new WebRtcPool({ log, port: 0, workers, workerBin });
    this.spawner = new Spawner(this.#broker, log);
  }

  async start(): Promise<string> {
    this.#script = await bundlePlayers();
    await this.pool.start();
    const { hubs, pool, spawner, transcoding } = this;
    this.#broker.createService(
      createRestreamService({
        log,
        nodeId: 'here',
        hubs,
        pool,
        spawner,
        opus: transcoding.opus,
        idleMs: 1_000,
      }),
    );
    await this.#broker.start();
    const sockets = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://here');
      const camera = /^\/api\/v1\/cameras\/([^/]+)\/mse$/.exec(url.pathname)?.[1] ?? '';
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        void this.media.mse(camera, url.searchParams.get('stream') ?? 'main', accepted);
      });
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/`;
  }

  get broker(): ServiceBroker {
    return this.#broker;
  }

  async stop(): Promise<void> {
    this.media.close();
    await this.#broker.stop();
    this.pool.close();
    this.pictures.close();
    this.transcoding.close();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      await this.#route(request, Buffer.concat(chunks).toString(), response);
    } catch (error) {
      const code = errorCode(error) ?? 'internal';
      response.writeHead(ERRORS[code].status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code, detail: String(error) }));
    }
  }

  async #route(request: http.IncomingMessage, body: string, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://here');
    const [, camera = '', what = '', session = ''] =
      /^\/api\/v1\/cameras\/([^/]+)\/([^/]+)(?:\/(.+))?$/.exec(pathname) ?? [];
    const service = client(this.#broker, restream);
    if (request.method === 'DELETE') {
      await service.hangUp({ camera, session });
      response.writeHead(204).end();
    } else if (what === 'whep') {
      const made = await service.whep({ camera, offer: body });
      const location = `/api/v1/cameras/${camera}/whep/${made.session}`;
      response.writeHead(201, { 'content-type': 'application/sdp', location }).end(made.answer);
    } else if (what === 'live') {
      const wanted = JSON.parse(body) as Parameters<typeof service.live>[0];
      const { session: id, ...made } = await service.live({ ...wanted, camera });
      response.writeHead(201, {
        'content-type': 'application/json',
        location: `/api/v1/cameras/${camera}/whep/${id}`,
      });
      response.end(JSON.stringify({ session: id, ...made }));
    } else if (pathname === '/players.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(this.#script);
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    }
  }
}

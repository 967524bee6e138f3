import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import { createWorker, type types } from 'mediasoup';
import { type ListenAddress, listenAddresses } from './addresses.ts';

export interface WebRtcWorkerOptions {
  /** UDP and TCP port of all viewers; 0 takes a free one. */
  readonly port: number;
  /** Host or address that viewers reach this node by, when its own addresses are not it. */
  readonly advertise?: string | undefined;
  /** Path of the mediasoup worker; mediasoup's own place when absent. */
  readonly workerBin?: string | undefined;
}

const SEND_BUFFER = 2 * 1024 * 1024;
const RECEIVE_BUFFER = 1024 * 1024;

/**
 * One mediasoup worker process with one listening port. It does not restart itself: when it dies, everything made
 * from it is closed, and its owner starts another one.
 */
export class WebRtcWorker {
  readonly port: number;
  readonly addresses: readonly ListenAddress[];
  readonly #worker: types.Worker;
  readonly #server: types.WebRtcServer;
  #closed = false;
  #routers = 0;
  #transports = 0;

  private constructor(
    worker: types.Worker,
    server: types.WebRtcServer,
    port: number,
    addresses: readonly ListenAddress[],
  ) {
    this.#worker = worker;
    this.#server = server;
    this.port = port;
    this.addresses = addresses;
  }

  /** @throws Error when the worker does not start or the port is taken */
  static async start(options: WebRtcWorkerOptions): Promise<WebRtcWorker> {
    const addresses = listenAddresses(os.networkInterfaces(), options.advertise);
    const port = options.port === 0 ? await freePort() : options.port;
    const worker = await createWorker({
      logLevel: 'error',
      ...(options.workerBin === undefined ? {} : { workerBin: options.workerBin }),
    });
    try {
      const listenInfos = addresses.flatMap(({ ip, announce }) =>
        (['udp', 'tcp'] as const).map((protocol) => ({
          protocol,
          ip,
          port,
          sendBufferSize: SEND_BUFFER,
          recvBufferSize: RECEIVE_BUFFER,
          ...(announce === undefined ? {} : { announcedAddress: announce }),
        })),
      );
      const server = await worker.createWebRtcServer({ listenInfos });
      return new WebRtcWorker(worker, server, port, addresses);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#worker.pid;
  }

  get closed(): boolean {
    return this.#closed || this.#worker.closed;
  }

  /** Cameras and viewers at this moment. */
  get routers(): number {
    return this.#routers;
  }

  get transports(): number {
    return this.#transports;
  }

  /** Calls back once if the process ends without `close()`. */
  onDied(callback: (error: Error) => void): void {
    this.#worker.once('died', (error) => {
      this.#closed = true;
      callback(error);
    });
  }

  async createRouter(mediaCodecs: types.RouterRtpCodecCapability[]): Promise<types.Router> {
    const router = await this.#worker.createRouter({ mediaCodecs });
    this.#routers += 1;
    router.observer.once('close', () => (this.#routers -= 1));
    return router;
  }

  async createTransport(router: types.Router): Promise<types.WebRtcTransport> {
    const transport = await router.createWebRtcTransport({
      webRtcServer: this.#server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: 5_000_000,
    });
    this.#transports += 1;
    transport.observer.once('close', () => (this.#transports -= 1));
    return transport;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#worker.close();
  }
}

/** A port that is free for UDP and TCP at this moment. */
async function freePort(): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    const server = net.createServer();
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const socket = dgram.createSocket('udp4');
    try {
      socket.bind(port, '0.0.0.0');
      await once(socket, 'listening');
      return port;
    } catch (error) {
      if (attempt >= 20) throw error;
    } finally {
      socket.close();
      server.close();
    }
  }
}

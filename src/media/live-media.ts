import { SightmeshError } from '../contracts/errors.ts';
import type { Hub } from './hub/hub.ts';
import type { HubRegistry } from './hub/registry.ts';
import { MseServer } from './mse/server.ts';
import type { MseSocket } from './mse/session.ts';
import type { PictureMaker } from './picture/maker.ts';
import { Snapshots } from './picture/snapshots.ts';

/** What is live on this node, apart from WebRTC: newest pictures, and streams by Media Source Extensions. */
export class LiveMedia {
  readonly #hubs: HubRegistry;
  readonly #snapshots: Snapshots;
  readonly mseServer: MseServer;

  constructor(hubs: HubRegistry, maker: Pick<PictureMaker, 'make'>) {
    this.#hubs = hubs;
    this.#snapshots = new Snapshots(maker);
    this.mseServer = new MseServer(hubs);
  }

  /**
   * The newest picture; from the sub stream when that is large enough.
   *
   * @throws SightmeshError `camera_offline`, `no_picture`, `unavailable`
   */
  async snapshot(camera: string, options: { height?: number } = {}): Promise<{ jpeg: Buffer; time: string }> {
    const { jpeg, time } = await this.#snapshots.of(this.#hubFor(camera, options.height), options.height);
    return { jpeg, time: new Date(time).toISOString() };
  }

  /** Shows a stream until the socket closes; closes it with a code when the camera is not live or goes away. */
  mse(camera: string, stream: string, socket: MseSocket): Promise<void> {
    this.mseServer.serve(camera, stream, socket);
    return Promise.resolve();
  }

  /** Idempotent. Ends every session. */
  close(): void {
    this.mseServer.close();
  }

  #hubFor(camera: string, height: number | undefined): Hub {
    const main = this.#hubs.get(camera, 'main');
    const sub = this.#hubs.get(camera, 'sub');
    const enough =
      sub?.live === true && height !== undefined && heightOf(sub) >= height && sub.gop.length > 0;
    const hub = enough || main?.live !== true ? (sub ?? main) : main;
    if (hub === undefined) throw new SightmeshError('camera_offline');
    return hub;
  }
}

const heightOf = (hub: Hub): number =>
  hub.header?.tracks.find((track) => track.kind === 'video')?.height ?? 0;

import type { ServiceSchema } from 'moleculer';
import { camera as contract } from '../../contracts/actors.ts';
import type { CameraDocument, StreamName, StreamStatus } from '../../contracts/entities.ts';
import { publish } from '../../contracts/events.ts';
import type { Sources } from '../../media/source/index.ts';
import { actorSchema } from '../../mixins/actor.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { type CameraView, combineViews, IDLE } from './camera.state.ts';
import { StreamRunner } from './stream-runner.ts';
import { streamStatus } from './stream-status.ts';

export type CameraParts = Pick<NodeContext, 'log' | 'nodeId' | 'hubs' | 'broker' | 'clock'> & {
  readonly sources: Pick<Sources, 'make'>;
};

export interface CameraOptions {
  readonly camera: CameraDocument;
  readonly epoch: number;
}

/**
 * `camera.<id>`: keeps the streams of one camera connected and feeds the hubs `<id>/main` and `<id>/sub`. The hubs
 * outlive it, with their readers; whoever deletes a camera removes them from the registry.
 */
export function createCameraActor(
  parts: CameraParts,
  options: CameraOptions,
  onReady?: (error?: unknown) => void,
): ServiceSchema {
  const { log, nodeId: node } = parts;
  const { camera, epoch } = options;
  const { id } = camera;
  const work = new CameraWork(parts, options);
  return actorSchema(
    {
      contract,
      id,
      log,
      actions: {
        status: () => ({ node, epoch, ...work.view, since: work.since, streams: work.streams() }),
        command: () => {
          log.info({ camera: id }, 'connects again because it was told to');
          work.reconnect();
          return {};
        },
      },
      start: () => {
        work.start();
      },
      stop: () => work.stop(),
    },
    onReady,
  );
}

class CameraWork {
  readonly #parts: CameraParts;
  readonly #options: CameraOptions;
  readonly #runners = new Map<StreamName, StreamRunner>();
  view: CameraView = IDLE;
  /** When the view became what it is. */
  since: string;

  constructor(parts: CameraParts, options: CameraOptions) {
    this.#parts = parts;
    this.#options = options;
    this.since = this.#now();
    const { url, subUrl } = options.camera;
    this.#runners.set('main', this.#runner('main', url));
    if (subUrl !== null) this.#runners.set('sub', this.#runner('sub', subUrl));
    // It may have had one before it was changed: its readers must look elsewhere.
    else parts.hubs.removeStream(options.camera.id, 'sub');
  }

  start(): void {
    for (const runner of this.#runners.values()) runner.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }

  reconnect(): void {
    for (const runner of this.#runners.values()) runner.reconnect();
  }

  streams(): Record<string, StreamStatus> {
    const found: Record<string, StreamStatus> = {};
    for (const [stream, runner] of this.#runners) {
      const status = streamStatus(this.#parts.hubs.ensure(this.#options.camera.id, stream), runner.lost);
      if (status !== undefined) found[stream] = status;
    }
    return found;
  }

  #runner(stream: StreamName, url: string): StreamRunner {
    const { hubs, sources, log } = this.#parts;
    const { id, username, password } = this.#options.camera;
    return new StreamRunner({
      hub: hubs.ensure(id, stream),
      makeSource: () =>
        sources.make({
          url,
          username,
          password,
          onNotes: (notes) => {
            log.info({ camera: id, stream, notes }, 'not everything that the camera sends is used');
          },
        }),
      onChange: () => {
        this.#changed();
      },
      onEnd: (err) => {
        log.debug({ camera: id, stream, err }, 'the connection ended');
      },
    });
  }

  #changed(): void {
    const main = this.#runners.get('main')?.view ?? IDLE;
    const next = combineViews(main, this.#runners.get('sub')?.view);
    if (next.state === this.view.state && next.message === this.view.message) return;
    this.view = next;
    this.since = this.#now();
    this.#tell(next);
  }

  #tell({ state, message, code }: CameraView): void {
    const { log, broker, nodeId: node } = this.#parts;
    const { camera, epoch } = this.#options;
    const fields = { camera: camera.id, state, message };
    if (message === null) log.info(fields, 'the camera changed its state');
    else log.warn(fields, 'the camera needs attention');
    publish(broker, 'camera.state', {
      camera: camera.id,
      state,
      message,
      code: code ?? null,
      time: this.since,
      node,
      epoch,
    }).catch((err: unknown) => {
      log.warn({ camera: camera.id, err }, 'the state of the camera could not be published');
    });
  }

  #now(): string {
    return new Date(this.#parts.clock.now()).toISOString();
  }
}

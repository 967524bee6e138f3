import type { ServiceSchema } from 'moleculer';
import { camera as cameraContract, recorder as contract } from '../../contracts/actors.ts';
import { actorClient } from '../../contracts/define.ts';
import type { CameraDocument } from '../../contracts/entities.ts';
import { publish } from '../../contracts/events.ts';
import { actorSchema } from '../../mixins/actor.ts';
import type { NodeContext } from '../../mixins/context.ts';
import type { OutageRecord } from '../../store/types.ts';
import { Recording, type RecordingParts } from './recording.ts';

export type RecorderParts = RecordingParts & Pick<NodeContext, 'broker'>;

export interface RecorderOptions {
  readonly camera: Pick<CameraDocument, 'id'>;
  readonly replica: number;
  readonly epoch: number;
}

const ASK_MS = 2_000;

/** `recorder.<camera>.<replica>`: writes the main stream of a camera to segments on the volumes of this node. */
export function createRecorderActor(
  parts: RecorderParts,
  options: RecorderOptions,
  onReady?: (error?: unknown) => void,
): ServiceSchema {
  const { log, nodeId: node, broker } = parts;
  const { camera, replica, epoch } = options;
  const recording = new Recording(parts, { ...options, onOutage: (outage) => announce(parts, outage) });
  /** The camera tells of changes only; how it is now must be asked for. */
  const askCamera = async (): Promise<void> => {
    try {
      const { state, code, since } = await actorClient(broker, cameraContract, camera.id, {
        timeout: ASK_MS,
      }).status({});
      recording.cameraState({ state, code: code ?? null, time: since });
    } catch (err) {
      log.debug({ camera: camera.id, err }, 'the camera does not say how it is yet');
    }
  };
  return actorSchema(
    {
      contract,
      id: `${camera.id}.${replica}`,
      log,
      actions: { status: () => ({ node, epoch, ...recording.status() }) },
      events: {
        'camera.state': (state) => {
          if (state.camera === camera.id) recording.cameraState(state);
        },
      },
      start: () => {
        recording.start();
        void askCamera();
      },
      stop: () => recording.stop(),
    },
    onReady,
  );
}

/** Of the first moments of a recorder only those that took some time are news. */
const NEWS_MS = 500;

function announce({ broker, log }: RecorderParts, { camera, from, to, cause }: OutageRecord): void {
  if (cause === 'starting' && to !== null && to - from < NEWS_MS) return;
  const gap = {
    camera,
    from: new Date(from).toISOString(),
    to: to === null ? null : new Date(to).toISOString(),
    cause,
  };
  publish(broker, 'recording.gap', gap).catch((err: unknown) => {
    log.warn({ camera, err }, 'a gap in the recording could not be announced');
  });
}

import type { Camera, CameraState, EventRecord } from './entities.ts';

/** What services tell each other and, by `GET /stream`, the outside. Payloads never hold secrets. */
export interface Events {
  /** The set of cameras or one of them changed; read it again. */
  'camera.changed': {
    camera: string;
    change: 'created' | 'updated' | 'deleted';
    version: number;
    document?: Camera;
  };
  'camera.state': {
    camera: string;
    state: CameraState;
    message: string | null;
    /** Stable code of what is wrong, of `SourceErrorCode`; absent or null when all is well or it is not known. */
    code?: string | null;
    time: string;
    node: string;
    epoch: number;
  };
  'event.new': { event: EventRecord };
  'event.update': { event: EventRecord };
  'event.end': { event: EventRecord };
  'recording.gap': { camera: string; from: string; to: string | null; cause: string };
  'storage.state': { volume: string; state: 'ok' | 'full' | 'missing' | 'failed'; message: string | null };
  'node.degraded': { node: string; degraded: string[] };
}

export type EventName = keyof Events;

export const EVENT_NAMES = [
  'camera.changed',
  'camera.state',
  'event.new',
  'event.update',
  'event.end',
  'recording.gap',
  'storage.state',
  'node.degraded',
] as const satisfies readonly EventName[];

interface Broadcaster {
  broadcast(event: string, payload: unknown): Promise<void>;
}

export function publish<E extends EventName>(
  target: Broadcaster,
  event: E,
  payload: Events[E],
): Promise<void> {
  return target.broadcast(event, payload);
}

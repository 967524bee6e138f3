import type { ServerResponse } from 'node:http';
import type {
  Camera,
  CameraStatus,
  EventRecord,
  NodeInfo,
  Recordings,
  User,
  VolumeInfo,
} from '../../../src/contracts/entities.ts';
import { RIGHTS } from '../../../src/contracts/rights.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const iso = (time: number): string => new Date(time).toISOString();

const camera = (id: string, name: string, more: Partial<Camera> = {}): Camera => ({
  id,
  name,
  url: `rtsp://192.0.2.10/${id}`,
  subUrl: null,
  enabled: true,
  labels: {},
  record: { mode: 'continuous', preSeconds: 5, postSeconds: 10, replicas: 1 },
  detect: {
    enabled: true,
    fps: 5,
    objects: ['person', 'car', 'dog'],
    minScore: 0.5,
    zones: [],
    masks: [],
    sensitivity: 0.5,
  },
  retention: { continuousDays: 7, eventDays: 30 },
  placement: { labels: {} },
  hasCredentials: true,
  origin: 'catalog',
  version: 1,
  createdAt: '2026-01-01T08:00:00.000Z',
  ...more,
});

export interface MockState {
  /** Open `GET /stream` answers. */
  readonly listeners: Set<ServerResponse>;
  /** Cameras that have no picture. */
  readonly offline: Set<string>;
  cameras: Camera[];
  events: EventRecord[];
  users: User[];
  loggedIn: boolean;
}

export function makeState(): MockState {
  const now = Date.now();
  return {
    listeners: new Set(),
    offline: new Set(['parking']),
    loggedIn: false,
    cameras: [
      camera('front-door', 'Front door', { subUrl: 'rtsp://192.0.2.10/front-door/sub' }),
      camera('yard', 'Yard'),
      camera('garage', 'Garage', {
        detect: {
          ...camera('x', 'x').detect,
          zones: [
            {
              name: 'gate',
              points: [
                [0.2, 0.3],
                [0.7, 0.3],
                [0.7, 0.9],
                [0.2, 0.9],
              ],
              objects: [],
            },
          ],
        },
      }),
      camera('parking', 'Parking', { origin: 'config' }),
      camera('workshop', 'Workshop', { enabled: false }),
    ],
    events: Array.from({ length: 130 }, (_, index) => makeEvent(index, now)),
    users: [
      { name: 'admin', role: 'admin', cameras: '*', disabled: false, createdAt: '2026-01-01T08:00:00.000Z' },
      {
        name: 'guard',
        role: 'operator',
        cameras: ['front-door', 'yard'],
        disabled: false,
        createdAt: '2026-02-01T08:00:00.000Z',
      },
      {
        name: 'visitor',
        role: 'viewer',
        cameras: ['yard'],
        disabled: true,
        createdAt: '2026-03-01T08:00:00.000Z',
      },
    ],
  };
}

function makeEvent(index: number, now: number): EventRecord {
  const start = now - index * 11 * MINUTE - 3 * MINUTE;
  const label = ['person', 'car', 'dog'][index % 3] ?? 'person';
  const cameras = ['front-door', 'yard', 'garage', 'parking'];
  return {
    id: `event-${String(index)}`,
    camera: cameras[index % 4] ?? 'yard',
    label,
    sublabel: index % 17 === 0 ? 'postman' : null,
    score: 0.55 + ((index * 7) % 40) / 100,
    start: iso(start),
    end: index === 0 ? null : iso(start + 20_000 + (index % 5) * 9000),
    zones: index % 4 === 2 ? ['gate'] : [],
    box: [0.3, 0.3, 0.2, 0.4],
    path: [
      [0, [0.1, 0.35, 0.2, 0.4]],
      [2000, [0.2, 0.32, 0.2, 0.4]],
      [4000, [0.3, 0.3, 0.2, 0.4]],
      [6000, [0.5, 0.3, 0.2, 0.42]],
    ],
    attributes: {},
    snapshot: `/api/v1/events/event-${String(index)}/snapshot.jpg`,
    clip: `/api/v1/events/event-${String(index)}/clip.mp4`,
    reviewed: index % 6 === 0,
  };
}

/** Recorded for 30 hours but for three gaps. */
export function recordings(id: string, from: number, to: number): Recordings {
  const now = Date.now();
  const begin = Math.max(from, now - 30 * HOUR);
  const end = Math.min(to, now);
  const holes = [
    { from: now - 5 * HOUR, to: now - 4.6 * HOUR, cause: 'camera_unreachable' as const },
    { from: now - 90 * MINUTE, to: now - 84 * MINUTE, cause: 'camera_stalled' as const },
    { from: now - 12 * MINUTE, to: now - 11 * MINUTE, cause: 'reconnecting' as const },
  ].filter((hole) => hole.to > begin && hole.from < end);
  const edges = [begin, ...holes.flatMap((hole) => [hole.from, hole.to]), end];
  const intervals = [];
  for (let at = 0; at + 1 < edges.length; at += 2) {
    const [a = 0, b = 0] = edges.slice(at, at + 2);
    if (b > a)
      intervals.push({
        from: iso(a),
        to: iso(b),
        node: 'node-a',
        replica: 0,
        bytes: Math.round((b - a) * 500),
        available: true,
      });
  }
  return {
    camera: id,
    from: iso(from),
    to: iso(to),
    coverage: 0.982,
    intervals,
    gaps: holes.map((hole) => ({ from: iso(hole.from), to: iso(hole.to), cause: hole.cause })),
  };
}

export function status(target: Camera): CameraStatus {
  const place = { node: 'node-a', epoch: 3, state: 'running' };
  const stream = {
    codec: 'h264',
    audio: 'aac',
    width: 1920,
    height: 1080,
    fps: 25,
    kbps: 4050,
    readers: 3,
    drops: 0,
    lost: 2,
    lastPacketAgeMs: 18,
    webrtc: false,
  };
  const failing = target.id === 'parking';
  return {
    id: target.id,
    state: target.enabled ? (failing ? 'unauthorized' : 'live') : 'disabled',
    node: 'node-a',
    epoch: 3,
    streams:
      failing || !target.enabled
        ? {}
        : {
            main: stream,
            ...(target.subUrl ? { sub: { ...stream, width: 640, height: 360, kbps: 480, fps: 12 } } : {}),
          },
    actors: { camera: place, recorders: [place], analyzer: place, restreamers: [place] },
    coverageToday: target.enabled ? (failing ? 0.41 : 0.9987) : null,
    message: failing ? 'The camera refuses the password. Correct it in the settings of the camera.' : null,
  };
}

export const session = (state: MockState): unknown => ({
  user: state.loggedIn ? { name: 'admin', role: 'admin', rights: [...RIGHTS], cameras: '*' } : null,
});

export const volumes: VolumeInfo[] = [
  {
    id: '7d0c2c1e-4a6f-4a35-9bb3-0a9f2a1c9d11',
    node: 'node-a',
    path: '/srv/archive',
    tier: 'hot',
    totalBytes: 4e12,
    freeBytes: 9e11,
    usedBytes: 3.1e12,
    state: 'ok',
    message: null,
  },
  {
    id: '91a4b9d2-1111-4a35-9bb3-0a9f2a1c9d11',
    node: 'node-a',
    path: '/srv/second',
    tier: 'hot',
    totalBytes: 1e12,
    freeBytes: 1e10,
    usedBytes: 9.9e11,
    state: 'full',
    message: 'Nothing more can be freed on /srv/second.',
  },
];

export const nodes: NodeInfo[] = [
  {
    id: 'node-a',
    roles: ['ingest', 'record', 'analyze', 'restream', 'gateway'],
    labels: {},
    host: 'alpha',
    version: '0.1.0',
    startedAt: iso(Date.now() - 52 * HOUR),
    alive: true,
    load: { cpu: 0.37, memoryBytes: 4.1e8, eventLoopLagMs: 4.2 },
    actors: 14,
    cameras: 5,
    degraded: ['WebRTC is off: the mediasoup worker is missing. `npx sightmesh doctor` says how to get it.'],
  },
];

export function coverage(cameras: readonly Camera[], from: number, to: number): unknown[] {
  const items = [];
  for (let day = from; day < to; day += 24 * HOUR) {
    for (const [index, { id }] of cameras.entries()) {
      const age = Math.round((to - day) / (24 * HOUR));
      const value =
        index === 4 ? null : Math.max(0, 1 - ((age * 13 + index * 7) % 9) / (index === 3 ? 12 : 400));
      items.push({
        camera: id,
        day: iso(day).slice(0, 10),
        coverage: value,
        recordedSeconds: (value ?? 0) * 86_400,
        gapSeconds: (1 - (value ?? 1)) * 86_400,
      });
    }
  }
  return items;
}

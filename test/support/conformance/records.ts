import type { EventRecord } from '../../../src/contracts/entities.ts';
import type { CameraRecord, SegmentRecord, UserRecord } from '../../../src/store/types.ts';

export const T0 = Date.UTC(2026, 0, 5, 12);
export const iso = (ms: number): string => new Date(ms).toISOString();

export const cameraRecord = (id: string, change: Partial<CameraRecord> = {}): CameraRecord => ({
  id,
  name: `Camera ${id}`,
  url: 'rtsp://192.0.2.7/stream',
  subUrl: null,
  enabled: true,
  labels: { site: 'north' },
  record: { mode: 'continuous', preSeconds: 5, postSeconds: 10, replicas: 1 },
  detect: {
    enabled: true,
    fps: 5,
    objects: ['person'],
    minScore: 0.5,
    zones: [],
    masks: [],
    sensitivity: 0.5,
  },
  retention: { continuousDays: 7, eventDays: 30 },
  placement: { labels: {} },
  origin: 'catalog',
  version: 1,
  createdAt: iso(T0),
  credentials: null,
  ...change,
});

export const userRecord = (name: string, change: Partial<UserRecord> = {}): UserRecord => ({
  name,
  role: 'viewer',
  cameras: '*',
  disabled: false,
  createdAt: iso(T0),
  passwordHash: '$argon2id$…',
  version: 1,
  ...change,
});

/** A closed minute, `minute` minutes after T0. */
export const segmentRecord = (
  camera: string,
  minute: number,
  change: Partial<SegmentRecord> = {},
): SegmentRecord => {
  const from = T0 + minute * 60_000;
  return {
    id: `${camera}/main/${String(from)}-e1-r0`,
    camera,
    stream: 'main',
    replica: 0,
    epoch: 1,
    node: 'node-1',
    volume: 'volume-1',
    path: `${camera}/main/2026-01-05/${String(from)}-e1-r0-main.mp4`,
    from,
    to: from + 60_000,
    bytes: 1_000_000,
    closed: true,
    codecs: 'avc1.4d001f',
    ...change,
  };
};

/** `second` seconds after T0, ten seconds long. */
export const eventRecord = (
  id: string,
  camera: string,
  second: number,
  change: Partial<EventRecord> = {},
): EventRecord => ({
  id,
  camera,
  label: 'person',
  sublabel: null,
  score: 0.8,
  start: iso(T0 + second * 1000),
  end: iso(T0 + (second + 10) * 1000),
  zones: [],
  box: [0.1, 0.2, 0.3, 0.4],
  path: [[0, [0.1, 0.2, 0.3, 0.4]]],
  attributes: {},
  snapshot: null,
  clip: null,
  reviewed: false,
  ...change,
});

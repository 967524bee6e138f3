import { z } from 'zod';
import { RIGHTS, ROLES } from './rights.ts';

/** RFC 3339 in UTC with milliseconds; what comes in may have any offset. */
export const Time = z.iso.datetime({ offset: true });
export const CameraId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'must be 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit',
  );
export const StreamName = z.enum(['main', 'sub']);
export type StreamName = z.output<typeof StreamName>;

/** x and y from the top left, width and height, all 0 to 1 of the picture. */
export const Box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
export type Box = z.output<typeof Box>;
/** A corner, relative to the picture. */
export const Point = z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]);
export type Point = z.output<typeof Point>;

export const Zone = z.strictObject({
  name: z.string().min(1).max(64),
  points: z.array(Point).min(3).max(64),
  /** Labels that count in this zone; empty means all. */
  objects: z.array(z.string().min(1).max(64)).max(80).default([]),
});
export type Zone = z.output<typeof Zone>;

export const RecordSettings = z.strictObject({
  mode: z.enum(['off', 'continuous']).default('continuous'),
  preSeconds: z.number().int().min(0).max(60).default(5),
  postSeconds: z.number().int().min(0).max(600).default(10),
  replicas: z.number().int().min(1).max(1).default(1),
});
export const DetectSettings = z.strictObject({
  enabled: z.boolean().default(true),
  /** Frames per second that are looked at. */
  fps: z.number().min(0.2).max(15).default(5),
  /** Labels that become events; empty means all that the model knows. */
  objects: z
    .array(z.string().min(1).max(64))
    .max(80)
    .default(['person', 'car', 'truck', 'bus', 'motorcycle', 'bicycle', 'dog', 'cat']),
  minScore: z.number().min(0.05).max(1).default(0.5),
  zones: z.array(Zone).max(32).default([]),
  /** Areas whose changes are not motion. */
  masks: z.array(z.array(Point).min(3).max(64)).max(32).default([]),
  /** Share of the picture that must change: 0 (dull) to 1 (nervous). */
  sensitivity: z.number().min(0).max(1).default(0.5),
});
export const RetentionSettings = z.strictObject({
  continuousDays: z.number().min(0.01).max(3650).default(7),
  eventDays: z.number().min(0.01).max(3650).default(30),
});
export const PlacementSettings = z.strictObject({
  /** Labels that the node must have. */
  labels: z.record(z.string(), z.string()).default({}),
});

const CameraUrl = z
  .string()
  .max(2048)
  .refine(
    (value) => /^(rtsp|test):\/\//i.test(value) && URL.canParse(value),
    'must be an rtsp:// address (or test:// for a test picture)',
  );

const cameraFields = {
  name: z.string().trim().min(1).max(128),
  /** May carry user and password when written; answers never contain them. */
  url: CameraUrl,
  subUrl: CameraUrl.nullable().default(null),
  enabled: z.boolean().default(true),
  labels: z.record(z.string().min(1).max(64), z.string().max(256)).default({}),
  record: RecordSettings.prefault({}),
  detect: DetectSettings.prefault({}),
  retention: RetentionSettings.prefault({}),
  placement: PlacementSettings.prefault({}),
};

export const CameraInput = z.strictObject({
  id: CameraId.optional(),
  ...cameraFields,
  /** Instead of in the URL. Empty strings and null remove them. */
  username: z.string().max(256).nullable().optional(),
  password: z.string().max(256).nullable().optional(),
});
export type CameraInput = z.output<typeof CameraInput>;

/** Every field optional, defaults not filled in, nested objects merged. */
export const CameraPatch = z.strictObject({
  name: cameraFields.name.optional(),
  url: CameraUrl.optional(),
  subUrl: CameraUrl.nullable().optional(),
  enabled: z.boolean().optional(),
  /** Merged; null removes a label. */
  labels: z.record(z.string().min(1).max(64), z.string().max(256).nullable()).optional(),
  record: z.strictObject(partialWithoutDefaults(RecordSettings.shape)).optional(),
  detect: z.strictObject(partialWithoutDefaults(DetectSettings.shape)).optional(),
  retention: z.strictObject(partialWithoutDefaults(RetentionSettings.shape)).optional(),
  placement: z.strictObject(partialWithoutDefaults(PlacementSettings.shape)).optional(),
  username: z.string().max(256).nullable().optional(),
  password: z.string().max(256).nullable().optional(),
});
export type CameraPatch = z.output<typeof CameraPatch>;

type WithoutDefault<T> = T extends z.ZodDefault<infer Inner> ? Inner : T;

function partialWithoutDefaults<S extends z.ZodRawShape>(
  shape: S,
): { [K in keyof S]: z.ZodOptional<WithoutDefault<S[K]>> } {
  const made: Record<string, z.ZodType> = {};
  for (const [key, type] of Object.entries(shape)) {
    made[key] = (
      type instanceof z.ZodDefault ? (type.unwrap() as z.ZodType) : (type as z.ZodType)
    ).optional();
  }
  return made as { [K in keyof S]: z.ZodOptional<WithoutDefault<S[K]>> };
}

/** A camera as the API shows it: URLs without credentials. */
export const Camera = z.strictObject({
  id: CameraId,
  ...cameraFields,
  /** True when a user name or password is stored for it. */
  hasCredentials: z.boolean(),
  /** `config` cameras come from the configuration file and are read-only; `demo` ones leave with the first real camera. */
  origin: z.enum(['catalog', 'config', 'demo']),
  /** Rises by one with each change. */
  version: z.number().int(),
  createdAt: Time,
});
export type Camera = z.output<typeof Camera>;

/** A camera as the services that connect to it see it; never leaves the nodes. */
export const CameraDocument = Camera.extend({
  username: z.string().nullable(),
  password: z.string().nullable(),
});
export type CameraDocument = z.output<typeof CameraDocument>;

export const CameraState = z.enum([
  'disabled',
  'idle',
  'connecting',
  'live',
  'stalled',
  'unauthorized',
  'failed',
]);
export type CameraState = z.output<typeof CameraState>;

export const StreamStatus = z.strictObject({
  codec: z.string(),
  audio: z.string().nullable(),
  width: z.number(),
  height: z.number(),
  fps: z.number(),
  kbps: z.number(),
  readers: z.number(),
  drops: z.number(),
  /** RTP packets that never came. */
  lost: z.number(),
  lastPacketAgeMs: z.number().nullable(),
  /** False when the pictures come in another order than shown (B-frames): WebRTC cannot carry them. */
  webrtc: z.boolean(),
});
export type StreamStatus = z.output<typeof StreamStatus>;
export const ActorPlace = z.strictObject({ node: z.string(), epoch: z.number().int(), state: z.string() });
export type ActorPlace = z.output<typeof ActorPlace>;
export const CameraStatus = z.strictObject({
  id: CameraId,
  state: CameraState,
  node: z.string().nullable(),
  epoch: z.number().int(),
  streams: z.record(z.string(), StreamStatus),
  actors: z.strictObject({
    camera: ActorPlace.nullable(),
    recorders: z.array(ActorPlace),
    analyzer: ActorPlace.nullable(),
    restreamers: z.array(ActorPlace),
  }),
  /** 0 to 1 of the wanted time since midnight UTC; null when nothing was wanted. */
  coverageToday: z.number().nullable(),
  /** What is wrong and what to do, for a person. */
  message: z.string().nullable(),
});
export type CameraStatus = z.output<typeof CameraStatus>;

export const ProbeResult = z.strictObject({
  ok: z.boolean(),
  /** Stable code of what is wrong; null when all is well. */
  code: z.string().nullable(),
  /** Sentences for a person: what was found, what is wrong, what to do. */
  messages: z.array(z.string()),
  /** Milliseconds from connecting to the description, and to the first key frame. */
  connectMs: z.number().nullable(),
  firstKeyFrameMs: z.number().nullable(),
  video: z
    .strictObject({
      codec: z.string(),
      codecString: z.string(),
      width: z.number(),
      height: z.number(),
      fps: z.number().nullable(),
      kbps: z.number().nullable(),
      gopSeconds: z.number().nullable(),
      reorders: z.boolean(),
    })
    .nullable(),
  audio: z.strictObject({ codec: z.string(), sampleRate: z.number(), channels: z.number() }).nullable(),
});
export type ProbeResult = z.output<typeof ProbeResult>;

export const GapCause = z.enum([
  'camera_stalled',
  'camera_unreachable',
  'camera_unauthorized',
  'camera_failed',
  'reconnecting',
  'node_down',
  'storage_full',
  'storage_slow',
  'storage_failed',
  'starting',
  'deleted',
  'unknown',
]);
export type GapCause = z.output<typeof GapCause>;

export const Recordings = z.strictObject({
  camera: CameraId,
  from: Time,
  to: Time,
  /** Recorded share of the wanted time in the range, 0 to 1; null when nothing was wanted. */
  coverage: z.number().nullable(),
  intervals: z.array(
    z.strictObject({
      from: Time,
      to: Time,
      node: z.string().nullable(),
      replica: z.number().int(),
      bytes: z.number(),
      available: z.boolean(),
    }),
  ),
  gaps: z.array(z.strictObject({ from: Time, to: Time, cause: GapCause })),
});
export type Recordings = z.output<typeof Recordings>;

export const EventRecord = z.strictObject({
  id: z.string(),
  camera: CameraId,
  label: z.string(),
  sublabel: z.string().nullable(),
  score: z.number(),
  start: Time,
  end: Time.nullable(),
  zones: z.array(z.string()),
  /** Where it was seen best. */
  box: Box,
  /** `[milliseconds since start, box]`, thinned out. */
  path: z.array(z.tuple([z.number(), Box])),
  attributes: z.record(z.string(), z.unknown()),
  /** Paths under the API, null until they exist. */
  snapshot: z.string().nullable(),
  clip: z.string().nullable(),
  reviewed: z.boolean(),
});
export type EventRecord = z.output<typeof EventRecord>;

export const UserName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$/, 'must be 1 to 64 letters, digits, . _ @ -');
export const Password = z.string().min(8, 'must have at least 8 characters').max(256);
export const CameraList = z.union([z.literal('*'), z.array(CameraId).max(10_000)]);
export const User = z.strictObject({
  name: UserName,
  role: z.enum(ROLES),
  cameras: CameraList,
  disabled: z.boolean(),
  createdAt: Time,
});
export type User = z.output<typeof User>;
export const SessionInfo = z.strictObject({
  user: z
    .strictObject({
      name: z.string(),
      role: z.enum(ROLES),
      rights: z.array(z.enum(RIGHTS)),
      cameras: CameraList,
    })
    .nullable(),
});

export const NodeInfo = z.strictObject({
  id: z.string(),
  roles: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  host: z.string(),
  version: z.string(),
  startedAt: Time,
  alive: z.boolean(),
  load: z.strictObject({
    cpu: z.number(),
    memoryBytes: z.number(),
    /** 99th percentile of the event loop's delay over the last seconds, milliseconds. */
    eventLoopLagMs: z.number(),
  }),
  actors: z.number().int(),
  cameras: z.number().int(),
  /** Parts that do not work as they should, one sentence each. */
  degraded: z.array(z.string()),
});
export type NodeInfo = z.output<typeof NodeInfo>;

export const VolumeInfo = z.strictObject({
  id: z.string(),
  node: z.string().nullable(),
  path: z.string(),
  tier: z.enum(['hot', 'cold']),
  totalBytes: z.number(),
  freeBytes: z.number(),
  usedBytes: z.number(),
  state: z.enum(['ok', 'full', 'missing', 'failed']),
  message: z.string().nullable(),
});
export type VolumeInfo = z.output<typeof VolumeInfo>;

export const Assignment = z.strictObject({
  actor: z.string(),
  owner: z.strictObject({ node: z.string(), incarnation: z.string() }).nullable(),
  epoch: z.number().int(),
  since: Time,
  reasons: z.array(z.string()),
});
export type Assignment = z.output<typeof Assignment>;

export const list = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: z.string().optional() });

import type { Camera, CameraPatch, Point, Zone } from '../../../../src/contracts/entities.ts';
import { ApiError, type Params } from '../../api/client.ts';

/** A camera while it is written in the form. Number fields hold text until they are numbers. */
export interface CameraDraft {
  readonly name: string;
  readonly url: string;
  readonly subUrl: string;
  /** Empty: what is stored stays as it is. */
  readonly username: string;
  readonly password: string;
  /** The stored credentials are to be forgotten. */
  readonly forget: boolean;
  readonly enabled: boolean;
  readonly record: boolean;
  readonly continuousDays: Typed;
  readonly eventDays: Typed;
  readonly detect: boolean;
  readonly objects: readonly string[];
  readonly minScore: number;
  readonly fps: Typed;
  readonly sensitivity: number;
  readonly zones: readonly Zone[];
  readonly masks: readonly (readonly Point[])[];
}

/** What a number field holds: a number, or the text that is none (yet). */
export type Typed = number | string;

export const EMPTY_DRAFT: CameraDraft = {
  name: '',
  url: 'rtsp://',
  subUrl: '',
  username: '',
  password: '',
  forget: false,
  enabled: true,
  record: true,
  continuousDays: 7,
  eventDays: 30,
  detect: true,
  objects: ['person', 'car', 'truck', 'bus', 'motorcycle', 'bicycle', 'dog', 'cat'],
  minScore: 0.5,
  fps: 5,
  sensitivity: 0.5,
  zones: [],
  masks: [],
};

export function draftOf({ name, url, subUrl, enabled, record, retention, detect }: Camera): CameraDraft {
  return {
    ...EMPTY_DRAFT,
    name,
    url,
    subUrl: subUrl ?? '',
    enabled,
    record: record.mode !== 'off',
    continuousDays: retention.continuousDays,
    eventDays: retention.eventDays,
    detect: detect.enabled,
    objects: detect.objects,
    minScore: detect.minScore,
    fps: detect.fps,
    sensitivity: detect.sensitivity,
    zones: detect.zones,
    masks: detect.masks,
  };
}

export type FieldErrors = Readonly<Record<string, string>>;

interface Limits {
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

const LIMITS: Record<'continuousDays' | 'eventDays' | 'fps', Limits> = {
  continuousDays: { low: 0.01, high: 3650, unit: 'days' },
  eventDays: { low: 0.01, high: 3650, unit: 'days' },
  fps: { low: 0.2, high: 15, unit: 'pictures per second' },
};

/** What can be told without asking the server; the server checks everything again. */
export function checkDraft(draft: CameraDraft): FieldErrors {
  const errors: Record<string, string> = {};
  if (draft.name.trim() === '') errors['name'] = 'Give the camera a name';
  const address = checkAddress(draft.url);
  if (address !== null) errors['url'] = address;
  const sub = draft.subUrl.trim() === '' ? null : checkAddress(draft.subUrl);
  if (sub !== null) errors['subUrl'] = sub;
  for (const [name, { low, high, unit }] of Object.entries(LIMITS)) {
    const value = draft[name as keyof typeof LIMITS];
    if (typeof value !== 'number' || value < low || value > high)
      errors[name] = `Between ${low} and ${high} ${unit}`;
  }
  return errors;
}

function checkAddress(typed: string): string | null {
  const address = typed.trim();
  if (!/^(rtsp|test):\/\//i.test(address)) return 'Begins with rtsp://, like rtsp://192.168.1.20/stream1';
  if (!URL.canParse(address) || (/^rtsp/i.test(address) && new URL(address).hostname === ''))
    return 'This is not a whole address: rtsp://host/path';
  return null;
}

const credentials = ({
  username,
  password,
  forget,
}: CameraDraft): { username?: string | null; password?: string | null } => {
  if (forget) return { username: null, password: null };
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
};

const detectOf = (draft: CameraDraft) => ({
  enabled: draft.detect,
  fps: Number(draft.fps),
  objects: [...draft.objects],
  minScore: draft.minScore,
  sensitivity: draft.sensitivity,
  zones: draft.zones.map((zone) => ({ ...zone })),
  masks: draft.masks.map((mask) => [...mask]),
});

/** For `POST /cameras`. */
export function inputOf(draft: CameraDraft): Params<'createCamera'> {
  return {
    name: draft.name.trim(),
    url: draft.url.trim(),
    subUrl: draft.subUrl.trim() || null,
    enabled: draft.enabled,
    record: { mode: draft.record ? 'continuous' : 'off' },
    retention: { continuousDays: Number(draft.continuousDays), eventDays: Number(draft.eventDays) },
    detect: detectOf(draft),
    ...credentials(draft),
  };
}

/** For `PATCH /cameras/:id`: only what differs, so that two people may change different things. */
export function patchOf(before: CameraDraft, after: CameraDraft): CameraPatch {
  const [old, now] = [inputOf(before), inputOf(after)];
  const patch = Object.entries(differing(old, now)).map(([key, value]) => {
    const then: unknown = Reflect.get(old, key);
    return [key, isGroup(value) && isGroup(then) ? differing(then, value) : value];
  });
  return Object.fromEntries(patch) as CameraPatch;
}

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const differing = (before: object, after: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(after).filter(
      ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(before, key)),
    ),
  );

/** Whether anything would be lost by leaving. */
export const isChanged = (before: CameraDraft, after: CameraDraft): boolean =>
  Object.keys(patchOf(before, after)).length > 0;

/** Fields of the form by their paths in the API. */
const FIELDS: readonly (readonly [prefix: string, field: keyof CameraDraft])[] = [
  ['record', 'record'],
  ['retention.continuousDays', 'continuousDays'],
  ['retention.eventDays', 'eventDays'],
  ['detect.objects', 'objects'],
  ['detect.minScore', 'minScore'],
  ['detect.fps', 'fps'],
  ['detect.sensitivity', 'sensitivity'],
  ['detect.zones', 'zones'],
  ['detect.masks', 'masks'],
  ['name', 'name'],
  ['id', 'name'],
  ['url', 'url'],
  ['subUrl', 'subUrl'],
  ['username', 'username'],
  ['password', 'password'],
];

/** What the server says about single fields; what belongs to none of the form stands under `form`. */
export function serverErrors(error: unknown): FieldErrors {
  if (!(error instanceof ApiError)) return {};
  const errors: Record<string, string> = {};
  for (const { path, message } of error.fields) {
    const field = FIELDS.find(([prefix]) => path === prefix || path.startsWith(`${prefix}.`));
    if (field) errors[field[1]] ??= message;
    else errors['form'] ??= `${path}: ${message}`;
  }
  if (error.code === 'camera_exists') errors['name'] = 'Another camera has this name already';
  return errors;
}

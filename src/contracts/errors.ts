import { Errors } from 'moleculer';

interface ErrorEntry {
  readonly status: number;
  /** One short line, the `title` of the problem document. */
  readonly title: string;
  /** What a person can do about it. */
  readonly help: string;
}

/** Every error that leaves the system, by its stable code. `docs/errors.md` lists the same, checked by a test. */
export const ERRORS = {
  bad_request: {
    status: 400,
    title: 'The request is not valid',
    help: 'Correct the fields that `errors` names.',
  },
  bad_json: {
    status: 400,
    title: 'The body is not JSON',
    help: 'Send a JSON object with content type application/json.',
  },
  bad_range: {
    status: 400,
    title: 'The time range is not valid',
    help: '`from` must be before `to`, both RFC 3339, at most 31 days apart.',
  },
  unauthenticated: { status: 401, title: 'Login is needed', help: 'Log in, or send a valid bearer token.' },
  login_failed: {
    status: 401,
    title: 'User name or password is wrong',
    help: 'Check both; after several failures wait a minute.',
  },
  forbidden: {
    status: 403,
    title: 'You may not do this',
    help: 'Ask an administrator for the right or the camera.',
  },
  camera_read_only: {
    status: 403,
    title: 'This camera comes from the configuration file',
    help: 'Change it in the file and start the node again.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    help: 'Check the path; /api/openapi.json lists all of them.',
  },
  camera_not_found: {
    status: 404,
    title: 'No such camera',
    help: 'GET /api/v1/cameras lists the cameras you may see.',
  },
  event_not_found: { status: 404, title: 'No such event', help: 'It may have been removed by retention.' },
  export_not_found: {
    status: 404,
    title: 'No such export',
    help: 'It was removed or has expired; GET /api/v1/exports lists those that are there.',
  },
  user_not_found: { status: 404, title: 'No such user', help: 'GET /api/v1/users lists the users.' },
  session_not_found: {
    status: 404,
    title: 'No such viewing session',
    help: 'It has ended; start a new one.',
  },
  no_recording: {
    status: 404,
    title: 'Nothing was recorded in this range',
    help: 'GET /api/v1/recordings shows what is there, and why not.',
  },
  no_picture: {
    status: 404,
    title: 'There is no picture yet',
    help: 'The camera has sent no key frame; see its status.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method',
    help: 'See /api/openapi.json.',
  },
  camera_exists: { status: 409, title: 'A camera with this id exists', help: 'Choose another id or name.' },
  user_exists: { status: 409, title: 'A user with this name exists', help: 'Choose another name.' },
  last_admin: {
    status: 409,
    title: 'This is the last administrator',
    help: 'Make another administrator first.',
  },
  export_not_ready: {
    status: 409,
    title: 'The export is not finished',
    help: 'GET /api/v1/exports/:id shows its progress, or why it failed.',
  },
  conflict: {
    status: 409,
    title: 'Somebody else changed it meanwhile',
    help: 'Read it again and repeat the change.',
  },
  request_timeout: {
    status: 408,
    title: 'The request did not come in time',
    help: 'Send the whole request within 30 seconds.',
  },
  payload_too_large: { status: 413, title: 'The body is too large', help: 'Bodies may have up to 1 MiB.' },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not the expected one',
    help: 'See /api/openapi.json for what the route takes.',
  },
  codec_not_playable: {
    status: 415,
    title: 'The camera sends a codec that this way of viewing cannot carry',
    help: 'Use MSE, or choose H.264 on the camera.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'There are no such bytes',
    help: 'Content-Range says how many there are.',
  },
  too_many_requests: { status: 429, title: 'Too many requests', help: 'Wait as long as Retry-After says.' },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    help: 'Headers may have up to 16 KiB together; remove cookies of other services.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong inside',
    help: 'The log of the node has the details under this id.',
  },
  camera_offline: { status: 503, title: 'The camera is not live', help: 'Its status says why.' },
  unavailable: {
    status: 503,
    title: 'The part that answers this is not running',
    help: 'Try again in a few seconds; the system page shows what is degraded.',
  },
  webrtc_unavailable: {
    status: 503,
    title: 'WebRTC is off on this node',
    help: '`npx sightmesh doctor` says what is missing; MSE works meanwhile.',
  },
  storage_full: {
    status: 507,
    title: 'No volume has room',
    help: 'Free space or add a volume; live viewing goes on.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code. Across nodes it keeps `type` and `data`; use `errorCode` instead of `instanceof`. */
export class SightmeshError extends Errors.MoleculerError {
  constructor(code: ErrorCode, detail?: string, data?: Record<string, unknown>) {
    super(detail ?? ERRORS[code].title, ERRORS[code].status, code, data);
    this.name = 'SightmeshError';
  }
}

/** The stable code of any error, also of one that came from another node; undefined for foreign errors. */
export function errorCode(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null || !('type' in error)) return undefined;
  const { type } = error;
  return typeof type === 'string' && Object.hasOwn(ERRORS, type) ? (type as ErrorCode) : undefined;
}

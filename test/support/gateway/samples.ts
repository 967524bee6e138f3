import { z } from 'zod';
import { API_BASE, type RestAction, takesBody } from '../../../src/contracts/openapi.ts';

type Schema = Record<string, unknown>;

/** Values that are right wherever a param has this name. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  from: '2026-01-05T11:00:00Z',
  to: '2026-01-05T13:00:00Z',
  at: '2026-01-05T12:00:00Z',
  username: 'admin',
  current: 'correct horse battery',
  password: 'another fine secret',
  url: 'rtsp://192.0.2.7/stream',
  segment: 'yard%2Fmain%2F1-e1-r0',
  session: 's@n',
  kinds: ['video'],
};

/** Whether the `id` in its path is that of an event. */
const isOfEvent = ({ path }: RestAction): boolean => path.startsWith('/events/:id');

const isOfExport = ({ path }: RestAction): boolean => path.startsWith('/exports/:id');

const isOfActor = ({ definition, pathParams }: RestAction): boolean =>
  definition.resultActor !== undefined && pathParams.includes('actor');

/** Whether only the result tells whose camera it is about. */
export const isKnownByResult = (action: RestAction): boolean =>
  isOfEvent(action) || isOfExport(action) || isOfActor(action);

/** Whether an action is about one camera, by its params, its event or its actor. */
export const isOfCamera = (action: RestAction): boolean =>
  action.definition.camera !== undefined || isKnownByResult(action);

export interface Sample {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** A valid request for an action, about a camera (or an event of it) where it is about one. */
export function sampleRequest(action: RestAction, camera: string, change: Schema = {}): Sample {
  const { method, definition, pathParams } = action;
  const values = { ...requiredOf(definition.params), ...change };
  if (isOfActor(action)) values['actor'] = `camera.${camera}`;
  if (isOfEvent(action)) values['id'] = `e-${camera}`;
  if (isOfExport(action)) values['id'] = `x-${camera}`;
  if (definition.camera !== undefined)
    values[definition.camera] = Array.isArray(values[definition.camera]) ? [camera] : camera;
  if (definition.camera === undefined && pathParams.includes('name')) values['name'] = 'visitor';
  const path = action.path.replace(/:(\w+)/g, (_, name: string) => String(values[name]));
  const rest = Object.entries(values).filter(([name]) => !pathParams.includes(name));
  const inBody = takesBody(method) && definition.body === undefined;
  const query = inBody
    ? ''
    : new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)])).toString();
  const body = inBody ? JSON.stringify(Object.fromEntries(rest)) : definition.body && 'v=0';
  return {
    method,
    path: `${API_BASE}${path}${query === '' ? '' : `?${query}`}`,
    headers: body === undefined ? {} : { 'content-type': definition.body ?? 'application/json' },
    ...(body === undefined ? {} : { body }),
  };
}

function requiredOf(params: z.ZodType): Schema {
  const schema = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Schema;
  const required = (schema['required'] ?? []) as string[];
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  return Object.fromEntries(required.map((name) => [name, BY_NAME[name] ?? valueOf(properties[name] ?? {})]));
}

/** The simplest value of a JSON schema. */
function valueOf(schema: Schema): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (Array.isArray(schema['anyOf'])) return valueOf(schema['anyOf'][0] as Schema);
  switch (schema['type']) {
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
      const required = (schema['required'] ?? []) as string[];
      return Object.fromEntries(required.map((name) => [name, valueOf(properties[name] ?? {})]));
    }
    case 'array':
      return [];
    case 'number':
    case 'integer':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    default:
      return 'sample';
  }
}

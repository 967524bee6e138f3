import { z } from 'zod';
import type { ActionDefinition, Contract } from './define.ts';
import { ERRORS } from './errors.ts';

type Json = Record<string, unknown>;

/** An action that can be reached by REST, with its route taken apart. */
export interface RestAction {
  readonly contract: Contract;
  readonly name: string;
  readonly definition: ActionDefinition;
  readonly method: string;
  /** Below the base, with `:name` parameters. */
  readonly path: string;
  /** Names of the `:name` parameters. */
  readonly pathParams: readonly string[];
}

/** Where all routes stand. */
export const API_BASE = '/api/v1';

/** The actions of the contracts that name both a route and who may use it. Without `access`, nothing is reachable. */
export function restActions(contracts: readonly Contract[]): RestAction[] {
  return contracts.flatMap((contract) =>
    Object.entries(contract.actions).flatMap(([name, definition]) => {
      if (definition.rest === undefined || definition.access === undefined) return [];
      const [method = 'GET', path = '/'] = definition.rest.split(' ');
      const pathParams = Array.from(path.matchAll(/:(\w+)/g), (match) => match[1] ?? '');
      return [{ contract, name, definition, method, path, pathParams }];
    }),
  );
}

/** Methods whose params other than those of the path come from the query. */
export const takesBody = (method: string): boolean =>
  method === 'POST' || method === 'PATCH' || method === 'PUT';

/** The OpenAPI 3.1 document of the contracts. */
export function openApi(contracts: readonly Contract[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const action of restActions(contracts)) {
    const path = action.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[action.method.toLowerCase()] = operation(action);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sightmesh',
      version,
      description:
        'Times are RFC 3339, answers carry them in UTC. Errors are problem documents (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: API_BASE }],
    security: [{ bearer: [] }, { cookie: [] }],
    tags: contracts.map(({ name }) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
      },
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: 'What went wrong',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

/** Name of the cookie that holds the session. */
export const SESSION_COOKIE = 'sightmesh_session';

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    help: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

function operation({ contract, name, definition, method, pathParams }: RestAction): Json {
  const schema = jsonSchema(definition.params, 'input');
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = (schema['required'] ?? []) as string[];
  const inBody = takesBody(method) && definition.body === undefined;
  const outside = Object.keys(properties).filter((key) => pathParams.includes(key) || !inBody);
  const inside = Object.keys(properties).filter((key) => !outside.includes(key));
  return {
    operationId: `${contract.name}.${name}`,
    tags: [contract.name],
    summary: definition.summary,
    ...(definition.access === 'public' ? { security: [] } : {}),
    'x-right': definition.access,
    parameters: outside.map((key) => ({
      name: key,
      in: pathParams.includes(key) ? 'path' : 'query',
      required: pathParams.includes(key) || required.includes(key),
      schema: properties[key],
    })),
    ...requestBody(definition, inside, properties, required),
    responses: {
      [String(definition.raw === 'websocket' ? 101 : (definition.status ?? 200))]: success(definition),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function requestBody(
  definition: ActionDefinition,
  inside: readonly string[],
  properties: Record<string, Json>,
  required: readonly string[],
): Json {
  if (definition.body !== undefined) {
    return {
      requestBody: { required: true, content: { [definition.body]: { schema: { type: 'string' } } } },
    };
  }
  if (inside.length === 0) return {};
  const needed = required.filter((key) => inside.includes(key));
  const schema: Json = {
    type: 'object',
    properties: Object.fromEntries(inside.map((key) => [key, properties[key]])),
    ...(needed.length > 0 ? { required: needed } : {}),
    additionalProperties: false,
  };
  return { requestBody: { required: needed.length > 0, content: { 'application/json': { schema } } } };
}

function success(definition: ActionDefinition): Json {
  if (definition.raw === 'websocket') return { description: 'A WebSocket' };
  if (definition.status === 204) return { description: 'Done' };
  const schema = definition.raw === undefined ? jsonSchema(definition.result, 'output') : {};
  return { description: definition.summary, content: { [definition.raw ?? 'application/json']: { schema } } };
}

function jsonSchema(type: z.ZodType, io: 'input' | 'output'): Json {
  const schema = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json;
  delete schema['$schema'];
  return schema;
}

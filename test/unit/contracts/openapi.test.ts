import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineContract, Nothing } from '../../../src/contracts/define.ts';
import { PUBLIC_CONTRACTS } from '../../../src/contracts/index.ts';
import { openApi, restActions } from '../../../src/contracts/openapi.ts';
import { RIGHTS } from '../../../src/contracts/rights.ts';

interface Operation {
  operationId: string;
  security?: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}
const pathsOf = (document: Record<string, unknown>) =>
  document['paths'] as Record<string, Record<string, Operation>>;

const sample = defineContract({
  name: 'things',
  kind: 'service',
  actions: {
    change: {
      summary: 'Change a thing',
      params: z.strictObject({ id: z.string(), size: z.number(), note: z.string().default('') }),
      result: Nothing,
      access: 'live',
      rest: 'PATCH /things/:id',
      status: 204,
    },
    inside: { summary: 'For services', params: Nothing, result: Nothing },
    unguarded: { summary: 'No access named', params: Nothing, result: Nothing, rest: 'GET /unguarded' },
  },
});

test('params go to path and body, and the body is strict', () => {
  const operation = pathsOf(openApi([sample], '1'))['/things/{id}']?.['patch'];
  expect(operation?.parameters).toEqual([
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
  ]);
  expect(operation?.requestBody?.content['application/json']?.schema).toMatchObject({
    required: ['size'],
    additionalProperties: false,
  });
  expect(operation?.responses['204']).toEqual({ description: 'Done' });
});

test('actions without access are not reachable', () => {
  expect(restActions([sample]).map(({ name }) => name)).toEqual(['change']);
});

test('every public route appears once, under its own operation id', () => {
  const actions = restActions(PUBLIC_CONTRACTS);
  const operations = Object.values(pathsOf(openApi(PUBLIC_CONTRACTS, '1'))).flatMap((path) =>
    Object.values(path),
  );
  expect(operations).toHaveLength(actions.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(actions.length);
  expect(new Set(actions.map(({ definition }) => definition.rest)).size).toBe(actions.length);
});

test('every action names an access that exists, path parameters are params, cameras too', () => {
  for (const { name, definition, pathParams } of restActions(PUBLIC_CONTRACTS)) {
    expect([...RIGHTS, 'public', 'session'], name).toContain(definition.access);
    const params = Object.keys(definition.params.shape);
    expect(params, name).toEqual(expect.arrayContaining([...pathParams]));
    if (definition.camera !== undefined) expect(params, name).toContain(definition.camera);
  }
});

test('a raw body is described by its content type', () => {
  const whep = pathsOf(openApi(PUBLIC_CONTRACTS, '1'))['/cameras/{id}/whep']?.['post'];
  expect(Object.keys(whep?.requestBody?.content ?? {})).toEqual(['application/sdp']);
  expect(whep?.parameters.map(({ name, in: where }) => [name, where])).toEqual([
    ['id', 'path'],
    ['stream', 'query'],
  ]);
});

test('login needs no login', () => {
  expect(pathsOf(openApi(PUBLIC_CONTRACTS, '1'))['/login']?.['post']?.security).toEqual([]);
});

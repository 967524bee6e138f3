import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PUBLIC_CONTRACTS } from '../../src/contracts/index.ts';
import { type RestAction, restActions } from '../../src/contracts/openapi.ts';
import { ROLE_RIGHTS } from '../../src/contracts/rights.ts';
import { mediaRoutes } from '../../src/contracts/routes.ts';
import { isKnownByResult, isOfCamera, type Sample, sampleRequest } from '../support/gateway/samples.ts';
import { type RunningGateway, startGateway } from '../support/gateway/start.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const actions = restActions(PUBLIC_CONTRACTS);
const nameOf = ({ method, path }: RestAction): string => `${method} ${path}`;
const guarded = actions.filter(({ definition }) => definition.access !== 'public');
const isStream = ({ definition }: RestAction): boolean => definition === mediaRoutes.actions.stream;
const isSocket = ({ definition }: RestAction): boolean => definition.raw === 'websocket';

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

async function send(sample: Sample, token?: string): Promise<Answer> {
  const { method, path, headers, body } = sample;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const aborter = new AbortController();
  const response = await fetch(gateway.url + path, {
    method,
    headers: { ...headers, ...authorization },
    signal: aborter.signal,
    ...(body === undefined ? {} : { body }),
  });
  const type = response.headers.get('content-type');
  if (type === 'text/event-stream') {
    aborter.abort();
    return { status: response.status, type, text: '' };
  }
  return { status: response.status, type, text: await response.text() };
}

const tokens = new Map<string, Promise<string>>();

/** One login for all tests that do not end it. */
function tokenOf(user: string): Promise<string> {
  const token = tokens.get(user) ?? gateway.login(user);
  tokens.set(user, token);
  return token;
}

const codeOf = ({ text }: Answer): unknown => (JSON.parse(text) as { code: unknown }).code;

test('a service that answers with too much is named in the log, once', async () => {
  const token = await tokenOf('guard');
  const list = actions.find(({ definition }) => definition.rest === 'GET /cameras');
  if (!list) throw new Error('no route to list cameras');
  for (let i = 0; i < 3; i += 1) await send(sampleRequest(list, 'yard'), token);
  const lines = gateway.log.filter(({ fields }) => JSON.stringify(fields).includes('catalog.listCameras'));
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).toContain('password');
  expect(JSON.stringify(lines)).not.toContain('camera-secret');
});

describe('every route of the contracts', () => {
  test.each(guarded.map((action) => [nameOf(action), action] as const))(
    '%s needs a login',
    async (_, action) => {
      const sample = sampleRequest(action, 'yard');
      for (const token of [undefined, '', 'x', 'a.b.c']) {
        const answer = await send(sample, token);
        expect(answer).toMatchObject({ status: 401, type: 'application/problem+json' });
        expect(codeOf(answer)).toBe('unauthenticated');
      }
    },
  );

  test.each(
    guarded
      .filter(
        ({ definition: { access } }) =>
          !ROLE_RIGHTS.viewer.some((right) => right === access) && access !== 'session',
      )
      .map((action) => [nameOf(action), action] as const),
  )('%s is not for viewers', async (_, action) => {
    const answer = await send(sampleRequest(action, 'yard'), await tokenOf('visitor'));
    expect(answer.status).toBe(403);
    expect(codeOf(answer)).toBe('forbidden');
  });

  test.each(actions.filter(isOfCamera).map((action) => [nameOf(action), action] as const))(
    '%s refuses the cameras of others',
    async (_, action) => {
      for (const user of ['visitor', 'guard']) {
        gateway.media.asked.length = 0;
        gateway.called.length = 0;
        const answer = await send(sampleRequest(action, 'vault'), await tokenOf(user));
        expect(answer.status, answer.text).toBe(403);
        expect(codeOf(answer)).toBe('forbidden');
        expect(answer.text).not.toContain('vault');
        expect(gateway.media.asked).toEqual([]);
        if (!isKnownByResult(action)) expect(gateway.called).toEqual([]);
      }
    },
  );

  test.each(
    actions
      .filter((action) => isOfCamera(action) && !isSocket(action))
      .filter(({ definition: { access } }) => ROLE_RIGHTS.viewer.some((right) => right === access))
      .map((action) => [nameOf(action), action] as const),
  )('%s is there for a viewer of the camera', async (_, action) => {
    const answer = await send(sampleRequest(action, 'yard'), await tokenOf('visitor'));
    expect(answer.status, answer.text).toBe(action.definition.status ?? 200);
  });

  test.each(
    actions
      .filter(
        ({ definition }) => definition.resultCamera !== undefined || definition.resultActor !== undefined,
      )
      .filter((action) => !isOfCamera(action))
      .map((action) => [nameOf(action), action] as const),
  )('%s shows nothing of the cameras of others', async (_, action) => {
    const sample = sampleRequest(action, 'yard');
    const all = await send(sample, await tokenOf('admin'));
    expect(all.text).toContain('vault');
    const mine = await send(sample, await tokenOf('guard'));
    expect(mine.status).toBe(200);
    expect(mine.text).toContain('yard');
    expect(mine.text).not.toContain('vault');
  });

  test.each(
    actions
      .filter(({ path, method }) => !(method === 'DELETE' && path === '/users/:name'))
      .map((action) => [nameOf(action), action] as const),
  )('%s answers as its contract says', async (name, action) => {
    const token = await gateway.login('admin');
    const change = nameOf(action) === 'POST /users' ? { name: 'newcomer' } : {};
    const sample = sampleRequest(action, 'yard', change);
    if (name === 'POST /login' || name === 'POST /session/password') return;
    const answer = await send(sample, token);
    if (isSocket(action)) {
      expect(answer.status).toBe(400);
      return;
    }
    expect(answer.status, answer.text).toBe(action.definition.status ?? 200);
    expect(answer.text).not.toContain('camera-secret');
    if (answer.status === 204) return;
    expect(answer.type).toBe(action.definition.raw ?? 'application/json');
    if (action.definition.raw === undefined && !isStream(action)) {
      expect(action.definition.result.safeParse(JSON.parse(answer.text)).error?.issues ?? []).toEqual([]);
    }
  });

  test.each(actions.map((action) => [nameOf(action), action] as const))(
    '%s refuses methods and fields that it does not have',
    async (_, action) => {
      const token = await tokenOf('admin');
      const sample = sampleRequest(action, 'yard');
      const wrongMethod = await send({ method: 'PUT', path: sample.path, headers: {} }, token);
      expect(wrongMethod.status).toBe(405);
      expect(codeOf(wrongMethod)).toBe('method_not_allowed');
      const mark = sample.path.includes('?') ? '&' : '?';
      const unknownField = await send({ ...sample, path: `${sample.path}${mark}surprise=1` }, token);
      expect(unknownField.status, unknownField.text).toBe(400);
      expect(codeOf(unknownField)).toBe('bad_request');
    },
  );
});

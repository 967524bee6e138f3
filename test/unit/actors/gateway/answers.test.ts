import type { ServerResponse } from 'node:http';
import { Errors } from 'moleculer';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { auditRecord, AuditTrail, isAudited, targetOf } from '../../../../src/actors/gateway/audit.ts';
import { mayHear, wantedTypes } from '../../../../src/actors/gateway/event-stream.ts';
import { attachment, checkRange, clipRange } from '../../../../src/actors/gateway/media-routes.ts';
import { joinMetrics } from '../../../../src/actors/gateway/metrics.ts';
import { problemHeaders, problemOf, sendProblem } from '../../../../src/actors/gateway/problem.ts';
import { rawProblem } from '../../../../src/actors/gateway/raw-problem.ts';
import { checkResult, visibleResult } from '../../../../src/actors/gateway/result.ts';
import { SightmeshError } from '../../../../src/contracts/errors.ts';
import { PUBLIC_CONTRACTS } from '../../../../src/contracts/index.ts';
import { restActions } from '../../../../src/contracts/openapi.ts';
import { type Caller, ROLE_RIGHTS } from '../../../../src/contracts/rights.ts';
import type { AuditRecord, JournalEntry } from '../../../../src/store/types.ts';
import { loggerInto, type LogLine } from '../../../support/gateway/start.ts';
import { eventOf } from '../../../support/gateway/stand-ins.ts';

const caller = (role: 'admin' | 'operator' | 'viewer', cameras: '*' | string[]): Caller => ({
  user: 'u',
  role,
  rights: ROLE_RIGHTS[role],
  cameras,
});

describe('problems', () => {
  test('of ours say what happened and what to do', () => {
    const error = new SightmeshError('bad_request', 'name: too long', {
      errors: [{ path: 'name' }],
      secret: 'x',
    });
    const problem = problemOf(error, 'r1');
    expect(problem).toMatchObject({
      status: 400,
      code: 'bad_request',
      detail: 'name: too long',
      requestId: 'r1',
    });
    expect(problem.errors).toEqual([{ path: 'name' }]);
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(problemOf(new SightmeshError('not_found'), 'r')).not.toHaveProperty('detail');
  });

  test('of others say nothing of themselves', () => {
    for (const error of [new Error('password=x'), 'password=x', null, { type: 'password=x' }]) {
      const problem = problemOf(error, 'r');
      expect(problem.code).toBe('internal');
      expect(JSON.stringify(problem)).not.toContain('password');
    }
  });

  test('of other nodes keep their code; those of the broker get one', () => {
    expect(problemOf({ type: 'camera_offline', message: 'x' }, 'r').status).toBe(503);
    expect(problemOf(new Errors.ServiceNotFoundError({ action: 'x' }), 'r').code).toBe('unavailable');
    expect(problemOf(new Errors.RequestTimeoutError({ action: 'x', nodeID: 'n' }), 'r').code).toBe(
      'unavailable',
    );
  });

  test('carry the headers that belong to them', () => {
    const headersOf = (error: unknown) => problemHeaders(error, problemOf(error, 'r'));
    expect(headersOf(new SightmeshError('too_many_requests', '', { retryAfter: 1.2 }))['retry-after']).toBe(
      '2',
    );
    expect(headersOf(new SightmeshError('method_not_allowed', '', { allow: ['GET', 'PUT'] }))['allow']).toBe(
      'GET, PUT',
    );
    expect(headersOf(new SightmeshError('unauthenticated'))['www-authenticate']).toBe(
      'Bearer realm="sightmesh"',
    );
  });

  test('cut off an answer that has begun', () => {
    const response = { headersSent: true, destroy: vi.fn(), writeHead: vi.fn() };
    sendProblem(response as unknown as ServerResponse, new Error('x'), 'r');
    expect(response.destroy).toHaveBeenCalledOnce();
    expect(response.writeHead).not.toHaveBeenCalled();
  });

  test('as text are whole answers', () => {
    const text = rawProblem(new SightmeshError('forbidden', 'é'), 'r');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', detail: 'é' });
  });
});

describe('results', () => {
  const schema = z.strictObject({ items: z.array(z.strictObject({ id: z.string() })) });

  test('lose what their contract does not know', () => {
    const { value, differences } = checkResult(schema, { items: [{ id: 'a', secret: 'x' }], more: 1 });
    expect(value).toEqual({ items: [{ id: 'a' }] });
    expect(differences).toHaveLength(2);
    expect(checkResult(schema, { items: [] }).differences).toEqual([]);
  });

  test('lose what belongs to other cameras', () => {
    const list = { items: [{ camera: 'a' }, { camera: 'b' }, {}], next: 'n' };
    const rule = { resultCamera: 'camera' };
    expect(visibleResult(rule, list, caller('viewer', ['a']))).toEqual({
      value: { items: [{ camera: 'a' }], next: 'n' },
      hidden: 2,
    });
    expect(visibleResult(rule, list, caller('viewer', '*'))).toEqual({ value: list, hidden: 0 });
    expect(visibleResult(rule, list, undefined).value).toEqual({ items: [], next: 'n' });
    expect(visibleResult({}, list, undefined).value).toBe(list);
    expect(visibleResult(rule, { camera: 'a' }, caller('viewer', ['a'])).hidden).toBe(0);
    expect(() => visibleResult(rule, { camera: 'b' }, caller('viewer', ['a']))).toThrow(SightmeshError);
    const actor = { resultActor: 'actor' };
    const actors = { items: [{ actor: 'recorder.a.0' }, { actor: 'recorder.b.0' }, { actor: 'a' }, {}] };
    expect(visibleResult(actor, actors, caller('operator', ['a'])).value).toEqual({
      items: [{ actor: 'recorder.a.0' }],
    });
    expect(() => visibleResult(rule, null, caller('viewer', ['a']))).toThrow(SightmeshError);
  });
});

describe('events', () => {
  test('are for those who may see their camera and have the right', () => {
    const event = { event: eventOf('e', 'yard') };
    const gap = { camera: 'yard', from: '', to: null, cause: '' };
    const volume = { volume: 'v', state: 'full', message: null } as const;
    expect(mayHear(caller('viewer', ['yard']), 'event.new', event)).toBe(true);
    expect(mayHear(caller('viewer', ['shed']), 'event.new', event)).toBe(false);
    expect(mayHear({ ...caller('viewer', '*'), rights: ['live'] }, 'event.end', event)).toBe(false);
    expect(mayHear(caller('viewer', ['shed']), 'recording.gap', gap)).toBe(false);
    expect(mayHear(caller('viewer', '*'), 'storage.state', volume)).toBe(false);
    expect(mayHear(caller('operator', ['shed']), 'storage.state', volume)).toBe(true);
  });

  test('are chosen by their types', () => {
    expect(wantedTypes(undefined).size).toBeGreaterThan(5);
    expect(Array.from(wantedTypes('event.new, camera.state'))).toEqual(['camera.state', 'event.new']);
    expect(() => wantedTypes('event.new,x')).toThrow(SightmeshError);
  });
});

describe('media', () => {
  test('an event has some seconds around it, and none of the future', () => {
    const event = { start: '2026-01-05T12:00:00.000Z', end: '2026-01-05T12:00:10.000Z' };
    const now = Date.parse('2026-01-05T12:00:12.000Z');
    expect(clipRange(event, now + 60_000)).toEqual({
      from: '2026-01-05T11:59:55.000Z',
      to: '2026-01-05T12:00:15.000Z',
    });
    expect(clipRange(event, now).to).toBe('2026-01-05T12:00:12.000Z');
    expect(clipRange({ ...event, end: null }, now).to).toBe('2026-01-05T12:00:12.000Z');
  });

  test('a range has a length, but not any', () => {
    expect(() => checkRange('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z')).not.toThrow();
    expect(() => checkRange('2026-01-01T00:00:00Z', '2026-02-01T00:00:01Z')).toThrow(SightmeshError);
    expect(() => checkRange('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00')).toThrow(SightmeshError);
  });

  test('a file name cannot leave its header', () => {
    expect(attachment('1', 'yard.mp4')).toBe(`attachment; filename="yard.mp4"; filename*=UTF-8''yard.mp4`);
    const hostile = attachment('a"\r\nset-cookie: x/../\u{1f600}\ud800', 'x');
    expect(hostile).not.toMatch(/[\r\n/\\]|""/);
    expect(hostile).toContain('filename="a___set-cookie: x_.._');
  });
});

describe('the audit trail', () => {
  const actionOf = (rest: string) => {
    const found = restActions(PUBLIC_CONTRACTS).find(({ definition }) => definition.rest === rest);
    if (!found) throw new Error(`no route ${rest}`);
    return found;
  };

  test('has changes, logins and exports, not what is looked at', () => {
    for (const rest of ['POST /login', 'POST /cameras', 'PATCH /events/:id', 'DELETE /users/:name'])
      expect(isAudited(actionOf(rest), {}), rest).toBe(true);
    for (const rest of ['GET /cameras', 'GET /cameras/:id/playback.mp4', 'POST /cameras/:id/whep'])
      expect(isAudited(actionOf(rest), {}), rest).toBe(false);
    expect(isAudited(actionOf('GET /cameras/:id/playback.mp4'), { download: '1' })).toBe(true);
  });

  test('names what was changed', () => {
    expect(targetOf(actionOf('POST /login'), { username: 'u'.repeat(300) }, {})).toHaveLength(200);
    expect(targetOf(actionOf('PATCH /cameras/:id'), { id: 'yard', password: 'x' }, {})).toBe('yard');
    expect(targetOf(actionOf('POST /cameras'), { name: 'Yard' }, { id: 'yard' })).toBe('yard');
    expect(targetOf(actionOf('POST /users'), { name: 'ann' }, undefined)).toBe('ann');
    expect(targetOf(actionOf('POST /logout'), {}, {})).toBeNull();
  });

  test('has what was refused to somebody, but not without end, and of strangers only wrong passwords', () => {
    const records: AuditRecord[] = [];
    const append = (entry: JournalEntry): Promise<void> => {
      if (entry.kind === 'audit') records.push(entry.audit);
      return Promise.resolve();
    };
    const trail = new AuditTrail({ append }, loggerInto([]));
    const login = { caller: caller('viewer', '*'), session: 's', token: 't' };
    const remove = { action: actionOf('DELETE /users/:name'), params: { name: 'ann' }, address: '192.0.2.1' };
    const enter = {
      action: actionOf('POST /login'),
      params: { username: 'bob' },
      address: '192.0.2.1',
      login: undefined,
    };
    trail.failed({ ...remove, login: undefined }, new SightmeshError('unauthenticated'));
    trail.failed(enter, new SightmeshError('too_many_requests'));
    trail.failed(enter, new SightmeshError('bad_request'));
    expect(records).toEqual([]);
    trail.failed(enter, new SightmeshError('login_failed'));
    expect(records.pop()).toMatchObject({ user: 'bob', action: 'accounts.login', target: 'bob', ok: false });
    for (let i = 0; i < 100; i += 1) trail.failed({ ...remove, login }, new SightmeshError('forbidden'));
    expect(records).toHaveLength(60);
    trail.done({ ...remove, login }, {});
    expect(records.at(-1)).toMatchObject({
      user: 'u',
      action: 'accounts.deleteUser',
      target: 'ann',
      ok: true,
    });
  });

  test('that cannot be written is said in the log', async () => {
    const lines: LogLine[] = [];
    const trail = new AuditTrail({ append: () => Promise.reject(new Error('disk full')) }, loggerInto(lines));
    trail.done({ action: actionOf('POST /logout'), params: {}, address: '192.0.2.1', login: undefined }, {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toMatchObject([{ level: 'error', fields: { action: 'accounts.logout' } }]);
  });

  test('its ids sort by time', () => {
    const fields = { user: 'u', action: 'a', target: null, address: null, ok: true };
    const times = [5, 1_700_000_000_000, 1_700_000_000_001, 4_000_000_000_000];
    const ids = times.map((time) => auditRecord(fields, time).id);
    expect(ids.toSorted()).toEqual(ids);
  });
});

test('metrics end with a line end, once', () => {
  expect(joinMetrics(['', 'a 1', 'b 2\n\n', ''])).toBe('a 1\nb 2\n');
});

import { describe, expect, it } from 'vitest';
import { probeRequest } from '../../../../src/actors/catalog/catalog.service.ts';
import { splitCredentials } from '../../../../src/actors/catalog/credentials.ts';
import { eventQuery, pageOf } from '../../../../src/actors/catalog/event-query.ts';
import { catalog } from '../../../../src/contracts/catalog.ts';
import { parseParams } from '../../../../src/contracts/define.ts';
import type { CameraDocument, EventRecord } from '../../../../src/contracts/entities.ts';
import { errorCode } from '../../../../src/contracts/errors.ts';
import type { Caller } from '../../../../src/contracts/rights.ts';

describe('splitCredentials', () => {
  it.each([
    ['rtsp://h/p', 'rtsp://h/p', null, null],
    ['rtsp://u@h/p', 'rtsp://h/p', 'u', null],
    ['rtsp://u:p@h:1/p?x=a@b', 'rtsp://h:1/p?x=a@b', 'u', 'p'],
    ['rtsp://u:a@b:c@h/p', 'rtsp://h/p', 'u', 'a@b:c'],
    ['RTSP://u:%zz@h', 'RTSP://h', 'u', '%zz'],
  ])('%s', (address, url, username, password) => {
    expect(splitCredentials(address)).toEqual({ url, found: { username, password } });
  });
});

describe('probeRequest', () => {
  const stored = { url: 'rtsp://10.0.0.1/a', username: 'me', password: 'secret' } as CameraDocument;

  it('takes the stored credentials for the same host only', () => {
    expect(probeRequest({ url: 'rtsp://10.0.0.1/b' }, stored)).toMatchObject({ password: 'secret' });
    expect(probeRequest({ url: 'rtsp://10.0.0.66/b' }, stored)).toMatchObject({ password: null });
    expect(probeRequest({ url: 'rtsp://10.0.0.1/b', username: 'you' }, stored)).toMatchObject({
      password: null,
    });
    expect(probeRequest({ url: 'rtsp://x:y@10.0.0.1/b' }, stored)).toEqual({
      url: 'rtsp://10.0.0.1/b',
      username: 'x',
      password: 'y',
    });
  });
});

describe('eventQuery', () => {
  const filter = (params: object) => parseParams(catalog.actions.listEvents, params);
  const viewer: Caller = { user: 'v', role: 'viewer', rights: ['events.view'], cameras: ['a', 'b'] };

  it('stays within the cameras of the caller', () => {
    expect(eventQuery(filter({}), viewer).cameras).toEqual(['a', 'b']);
    expect(eventQuery(filter({ camera: 'b' }), viewer).cameras).toEqual(['b']);
    expect(eventQuery(filter({}), undefined)).not.toHaveProperty('cameras');
    expect(() => eventQuery(filter({ camera: 'b,c' }), viewer)).toThrow('not one of yours');
  });

  it('pages by a cursor that fits the order', () => {
    const event = (id: string) => ({ id, start: '2026-01-01T00:00:00.500Z' }) as EventRecord;
    const page = pageOf([event('c'), event('b'), event('a')], 2);
    expect(page.items.map(({ id }) => id)).toEqual(['c', 'b']);
    const { before, limit } = eventQuery(filter({ cursor: page.next, limit: 2 }), undefined);
    expect(before).toEqual({ id: 'b', start: Date.parse('2026-01-01T00:00:00.500Z') });
    expect(limit).toBe(3);
    expect(pageOf([event('a')], 2)).not.toHaveProperty('next');
  });

  it('refuses a cursor that is none and a range that runs backwards', () => {
    const codeOf = (run: () => unknown) => {
      try {
        run();
        return 'no error';
      } catch (error) {
        return errorCode(error);
      }
    };
    expect(codeOf(() => eventQuery(filter({ cursor: "1' OR 1=1" }), undefined))).toBe('bad_request');
    const backwards = { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' };
    expect(codeOf(() => eventQuery(filter(backwards), undefined))).toBe('bad_range');
  });
});

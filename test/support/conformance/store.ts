import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/types.ts';
import { cameraRecord, eventRecord, segmentRecord, T0, userRecord } from './records.ts';

/** What every implementation of the store must do. `open` gives an empty one. */
export function storeConformance(name: string, open: () => Promise<Store>): void {
  describe(`store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const current = (): Store => store;

    camerasAndUsers(current);
    sessionsAndAudit(current);
    segments(current);
    intervals(current);
    events(current);
    rest(current);
    journal(current);

    it('closes twice, and refuses afterwards', async () => {
      await store.close();
      await store.close();
      await expect(store.cameras.list()).rejects.toThrow('closed');
    });
  });
}

function camerasAndUsers(store: () => Store): void {
  it('keeps cameras whole, by id', async () => {
    const { cameras } = store();
    const front = cameraRecord('front', { credentials: 'sealed' });
    expect(await cameras.insert(front)).toBe(true);
    expect(await cameras.insert(cameraRecord('back'))).toBe(true);
    expect(await cameras.insert(cameraRecord('front', { name: 'other' }))).toBe(false);
    expect(await cameras.get('front')).toEqual(front);
    expect(await cameras.get('none')).toBeUndefined();
    expect((await cameras.list()).map((camera) => camera.id)).toEqual(['back', 'front']);
    expect(await cameras.remove('front')).toBe(true);
    expect(await cameras.remove('front')).toBe(false);
  });

  it('changes a camera only from the version that was read', async () => {
    const { cameras } = store();
    await cameras.insert(cameraRecord('front'));
    expect(await cameras.update(cameraRecord('front', { version: 2, name: 'A' }), 1)).toBe(true);
    expect(await cameras.update(cameraRecord('front', { version: 2, name: 'B' }), 1)).toBe(false);
    expect(await cameras.update(cameraRecord('none'), 1)).toBe(false);
    expect((await cameras.get('front'))?.name).toBe('A');
  });

  it('finds users in any case', async () => {
    const { users } = store();
    expect(await users.insert(userRecord('Anna'))).toBe(true);
    expect(await users.insert(userRecord('anna'))).toBe(false);
    expect((await users.get('ANNA'))?.name).toBe('Anna');
    expect(await users.update(userRecord('Anna', { version: 2, cameras: ['front'] }), 1)).toBe(true);
    expect((await users.list()).map((user) => user.cameras)).toEqual([['front']]);
    expect(await users.remove('anna')).toBe(true);
    expect(await users.list()).toEqual([]);
  });
}

function sessionsAndAudit(store: () => Store): void {
  const session = (id: string, user: string, expiresAt: number) => ({
    id,
    user,
    createdAt: T0,
    expiresAt,
    address: '192.0.2.1',
    agent: null,
  });

  it('ends sessions by time, by id and by user', async () => {
    const { sessions } = store();
    await sessions.insert(session('1', 'anna', T0 + 10));
    await sessions.insert(session('2', 'anna', T0 + 20));
    await sessions.insert(session('3', 'anna', T0 + 20));
    await sessions.insert(session('4', 'ben', T0 + 20));
    expect(await sessions.get('1', T0 + 9)).toEqual(session('1', 'anna', T0 + 10));
    expect(await sessions.get('1', T0 + 10)).toBeUndefined();
    expect(await sessions.removeExpired(T0 + 10)).toBe(1);
    expect(await sessions.removeOfUser('Anna', '3')).toBe(1);
    expect(await sessions.get('2', T0)).toBeUndefined();
    expect(await sessions.get('3', T0)).toBeDefined();
    expect(await sessions.remove('3')).toBe(true);
    expect(await sessions.remove('3')).toBe(false);
    expect(await sessions.removeOfUser('ben')).toBe(1);
  });

  it('lists the audit trail from the newest, in pages', async () => {
    const { audit } = store();
    for (const id of ['1', '2', '3']) {
      const record = {
        id,
        time: T0 + Number(id),
        user: 'anna',
        action: 'login',
        target: null,
        address: null,
        ok: true,
      };
      await audit.add(record);
      await audit.add({ ...record, ok: false });
    }
    const page = await audit.list(2);
    expect(page.map((record) => [record.id, record.ok])).toEqual([
      ['3', true],
      ['2', true],
    ]);
    expect((await audit.list(2, '2')).map((record) => record.id)).toEqual(['1']);
    expect(await audit.removeBefore(T0 + 3)).toBe(2);
  });
}

function segments(store: () => Store): void {
  it('never takes a segment backward, but for a replacement', async () => {
    const repository = store().segments;
    const closed = segmentRecord('front', 0);
    const open = { ...closed, to: closed.from, bytes: 0, closed: false };
    await repository.save(open);
    await repository.save({ ...open, to: closed.from + 10_000, bytes: 5 });
    await repository.save(open);
    expect(await repository.get(open.id)).toMatchObject({
      to: closed.from + 10_000,
      bytes: 5,
      closed: false,
    });
    await repository.save(closed);
    await repository.save(open);
    expect(await repository.get(open.id)).toEqual(closed);
    await repository.replace({ ...closed, to: closed.from + 1, bytes: 7 });
    expect(await repository.get(open.id)).toMatchObject({ to: closed.from + 1, bytes: 7 });
  });

  it('finds segments that overlap a range', async () => {
    const repository = store().segments;
    for (const minute of [2, 0, 1]) await repository.save(segmentRecord('front', minute));
    await repository.save(segmentRecord('front', 1, { id: 'sub', stream: 'sub' }));
    await repository.save(segmentRecord('back', 1, { volume: 'volume-2', node: 'node-2', closed: false }));
    const minutes = async (query: Parameters<typeof repository.find>[0]) =>
      (await repository.find(query)).map((segment) => (segment.from - T0) / 60_000);
    expect(await minutes({ camera: 'front', stream: 'main' })).toEqual([0, 1, 2]);
    expect(await minutes({ camera: 'front', stream: 'main', limit: 1 })).toEqual([0]);
    expect(await minutes({ camera: 'front', stream: 'main', from: T0 + 60_000, to: T0 + 120_000 })).toEqual([
      1,
    ]);
    expect(await minutes({ camera: 'front', stream: 'main', from: T0 + 59_999, to: T0 + 60_001 })).toEqual([
      0, 1,
    ]);
    expect(await minutes({ closed: false })).toEqual([1]);
    expect(await minutes({ node: 'node-2', volume: 'volume-2' })).toEqual([1]);
    expect(await minutes({ camera: 'none' })).toEqual([]);
  });

  it('names the oldest closed ones and the use of the volumes, and removes', async () => {
    const repository = store().segments;
    for (const minute of [2, 0, 1]) await repository.save(segmentRecord('front', minute));
    await repository.save(segmentRecord('front', -1, { closed: false }));
    const oldest = await repository.oldest('volume-1', 2);
    expect(oldest.map((segment) => segment.from)).toEqual([T0, T0 + 60_000]);
    expect(await repository.usage()).toEqual([
      {
        volume: 'volume-1',
        camera: 'front',
        bytes: 4_000_000,
        segments: 4,
        from: T0 - 60_000,
        to: T0 + 180_000,
      },
    ]);
    await repository.remove(oldest.map((segment) => segment.id));
    expect(await repository.find({ camera: 'front' })).toHaveLength(2);
    await repository.remove([]);
    expect(await repository.oldest('volume-1', 9)).toHaveLength(1);
  });
}

function intervals(store: () => Store): void {
  it('keeps outages and wanted intervals, open ones too', async () => {
    const { outages, wanted } = store();
    const outage = { camera: 'front', node: 'node-1', cause: 'camera_stalled' } as const;
    await outages.save({ id: 'b', ...outage, from: T0 + 10, to: null });
    await outages.save({ id: 'a', ...outage, from: T0, to: T0 + 5 });
    await outages.save({ id: 'c', ...outage, camera: 'back', from: T0, to: null });
    const ids = async (query: Parameters<typeof outages.find>[0]) =>
      (await outages.find(query)).map((record) => record.id);
    expect(await ids({ camera: 'front' })).toEqual(['a', 'b']);
    expect(await ids({ camera: 'front', from: T0 + 5 })).toEqual(['b']);
    expect(await ids({ camera: 'front', from: T0 + 1_000_000 })).toEqual(['b']);
    expect(await ids({ camera: 'front', to: T0 + 10 })).toEqual(['a']);
    expect(await ids({ open: true })).toEqual(['c', 'b']);
    expect(await ids({ open: false })).toEqual(['a']);
    await outages.save({ id: 'b', ...outage, from: T0 + 10, to: T0 + 20 });
    expect(await ids({ open: true, camera: 'front' })).toEqual([]);
    expect(await outages.removeBefore(T0 + 15, 'front')).toBe(1);
    expect(await outages.removeBefore(T0 + 100)).toBe(1);
    await wanted.save({ id: 'w', camera: 'front', from: T0, to: null });
    expect(await wanted.find({ camera: 'front', from: T0 })).toEqual([
      { id: 'w', camera: 'front', from: T0, to: null },
    ]);
    expect(await wanted.removeBefore(T0 + 1e12)).toBe(0);
  });
}

function events(store: () => Store): void {
  it('filters events and turns pages', async () => {
    const repository = store().events;
    await repository.save(eventRecord('a', 'front', 0, { zones: ['door', 'yard'] }));
    await repository.save(eventRecord('b', 'front', 60, { label: 'car', attributes: { plate: 'B-AB 12%' } }));
    await repository.save(eventRecord('c', 'back', 60, { score: 0.4, sublabel: 'Postman' }));
    await repository.save(eventRecord('d', 'back', 90, { end: null }));
    const ids = async (query: Partial<Parameters<typeof repository.find>[0]>) =>
      (await repository.find({ limit: 100, ...query })).map((event) => event.id);
    expect(await ids({})).toEqual(['d', 'c', 'b', 'a']);
    expect(await ids({ cameras: ['front'] })).toEqual(['b', 'a']);
    expect(await ids({ cameras: [] })).toEqual([]);
    expect(await ids({ labels: ['car', 'dog'] })).toEqual(['b']);
    expect(await ids({ sublabels: ['Postman'] })).toEqual(['c']);
    expect(await ids({ zones: ['yard'] })).toEqual(['a']);
    expect(await ids({ minScore: 0.5 })).toEqual(['d', 'b', 'a']);
    expect(await ids({ text: 'post' })).toEqual(['c']);
    expect(await ids({ text: '12%' })).toEqual(['b']);
    expect(await ids({ text: '2_' })).toEqual([]);
    expect(await ids({ from: T0 + 10_000 })).toEqual(['d', 'c', 'b']);
    expect(await ids({ from: T0 + 9_999, to: T0 + 60_000 })).toEqual(['a']);
    expect(await ids({ from: T0 + 3_600_000 })).toEqual(['d']);
    expect(await ids({ limit: 2 })).toEqual(['d', 'c']);
    expect(await ids({ limit: 2, before: { start: T0 + 60_000, id: 'c' } })).toEqual(['b', 'a']);
  });

  it('keeps what a person said when the analysis goes on', async () => {
    const repository = store().events;
    await repository.save(eventRecord('a', 'front', 0, { end: null }));
    const edited = await repository.edit('a', { reviewed: true, sublabel: 'Anna' });
    expect(edited).toMatchObject({ reviewed: true, sublabel: 'Anna' });
    await repository.save(eventRecord('a', 'front', 0, { score: 0.9, sublabel: 'unknown' }));
    expect(await repository.get('a')).toMatchObject({ reviewed: true, sublabel: 'Anna', score: 0.9 });
    expect(await repository.find({ sublabels: ['Anna'], limit: 9 })).toHaveLength(1);
    expect(await repository.find({ sublabels: ['unknown'], limit: 9 })).toHaveLength(0);
    await repository.edit('a', { sublabel: null });
    expect(await repository.get('a')).toMatchObject({ reviewed: true, sublabel: null });
    expect(await repository.edit('none', { reviewed: true })).toBeUndefined();
  });

  it('does not open an event again that has ended', async () => {
    const repository = store().events;
    const ended = eventRecord('a', 'front', 0);
    await repository.save(ended);
    await repository.save({ ...ended, end: null, score: 0.1 });
    expect(await repository.get('a')).toEqual(ended);
  });

  it('removes the oldest ended events and says which', async () => {
    const repository = store().events;
    await repository.save(eventRecord('a', 'front', 0));
    await repository.save(eventRecord('b', 'front', 1, { end: null }));
    await repository.save(eventRecord('c', 'back', 2));
    expect((await repository.removeBefore(T0 + 9_000, 'front', 10)).map((event) => event.id)).toEqual(['a']);
    expect((await repository.removeBefore(T0 + 9_000, undefined, 10)).map((event) => event.id)).toEqual([
      'c',
    ]);
    expect((await repository.find({ limit: 9 })).map((event) => event.id)).toEqual(['b']);
  });
}

function rest(store: () => Store): void {
  it('keeps volumes, nodes and settings', async () => {
    const { volumes, nodes, settings } = store();
    const volume = {
      id: 'v',
      node: 'node-1',
      path: '/data/archive',
      tier: 'hot',
      totalBytes: 10,
      freeBytes: 5,
      usedBytes: 5,
      state: 'ok',
      message: null,
    } as const;
    await volumes.save(volume);
    await volumes.save({ ...volume, state: 'full' });
    expect(await volumes.list()).toEqual([{ ...volume, state: 'full' }]);
    expect(await volumes.get('v')).toEqual({ ...volume, state: 'full' });
    expect(await volumes.remove('v')).toBe(true);

    const node = { id: 'n', host: 'h', incarnation: 'i', startedAt: T0, seenAt: T0 + 1, stoppedAt: null };
    await nodes.save(node);
    expect(await nodes.get('n')).toEqual(node);
    expect(await nodes.list()).toEqual([node]);
    expect(await nodes.remove('n')).toBe(true);
    expect(await nodes.remove('n')).toBe(false);

    expect(await settings.get('k')).toBeUndefined();
    expect(await settings.setIfAbsent('k', { a: [1, null] })).toBe(true);
    expect(await settings.setIfAbsent('k', 2)).toBe(false);
    expect(await settings.get('k')).toEqual({ a: [1, null] });
    await settings.set('k', 'x');
    expect(await settings.get('k')).toBe('x');
    expect(await settings.remove('k')).toBe(true);
    expect(await settings.get('k')).toBeUndefined();
  });
}

function journal(store: () => Store): void {
  it('applies each stretch of a journal once', async () => {
    const { journal: sink, segments: repository, events: eventRepository, audit, outages, wanted } = store();
    expect(await sink.cursor('node-1')).toBe(0);
    const segment = segmentRecord('front', 0);
    await sink.apply('node-1', 100, [
      { kind: 'segment', segment },
      { kind: 'event', event: eventRecord('a', 'front', 0) },
      { kind: 'outage', outage: { id: 'o', camera: 'front', node: 'n', from: 1, to: 2, cause: 'node_down' } },
      { kind: 'wanted', wanted: { id: 'w', camera: 'front', from: 1, to: null } },
      {
        kind: 'audit',
        audit: { id: '1', time: T0, user: 'a', action: 'login', target: null, address: null, ok: true },
      },
    ]);
    expect(await sink.cursor('node-1')).toBe(100);
    expect(await repository.get(segment.id)).toEqual(segment);
    expect(await eventRepository.get('a')).toBeDefined();
    expect(await audit.list(9)).toHaveLength(1);
    expect(await outages.find({})).toHaveLength(1);
    expect(await wanted.find({})).toHaveLength(1);
    await repository.remove([segment.id]);
    await sink.apply('node-1', 100, [{ kind: 'segment', segment }]);
    expect(await repository.get(segment.id)).toBeUndefined();
    await sink.apply('node-2', 5, []);
    expect(await sink.cursor('node-1')).toBe(100);
    expect(await sink.cursor('node-2')).toBe(5);
  });
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEntry, Store } from '../../../src/store/types.ts';
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

  it('keeps what users choose as names of fields', async () => {
    const { cameras, settings } = store();
    const labels = { 'a.b': '1', $where: '2', '': '3', __proto: '4', 'ü/%': '5' };
    await cameras.insert(cameraRecord('front', { labels, placement: { labels } }));
    expect((await cameras.get('front'))?.labels).toEqual(labels);
    await settings.set('$odd.key', { $set: { 'a.b': [{ $gt: 1 }] } });
    expect(await settings.get('$odd.key')).toEqual({ $set: { 'a.b': [{ $gt: 1 }] } });
  });

  it('lets one of many writers win', async () => {
    const { cameras, settings } = store();
    const wins = (results: readonly boolean[]): number => results.filter(Boolean).length;
    const racers = [...Array(12).keys()].map(String);
    expect(
      wins(await Promise.all(racers.map((name) => cameras.insert(cameraRecord('front', { name }))))),
    ).toBe(1);
    const updates = racers.map((name) => cameras.update(cameraRecord('front', { version: 2, name }), 1));
    expect(wins(await Promise.all(updates))).toBe(1);
    expect(wins(await Promise.all(racers.map((name) => settings.setIfAbsent('k', name))))).toBe(1);
  });

  it('finds users in any case', async () => {
    const { users } = store();
    expect(await users.insert(userRecord('Anna'))).toBe(true);
    expect(await users.insert(userRecord('anna'))).toBe(false);
    expect((await users.get('ANNA'))?.name).toBe('Anna');
    expect(await users.update(userRecord('Anna', { version: 2, cameras: ['front'] }), 1)).toBe(true);
    expect((await users.list()).map((user) => user.cameras)).toEqual([['front']]);
    expect(await users.insert(userRecord('Zoe'))).toBe(true);
    expect(await users.insert(userRecord('ben'))).toBe(true);
    expect((await users.list()).map((user) => user.name)).toEqual(['Anna', 'ben', 'Zoe']);
    expect(await users.remove('zoe')).toBe(true);
    expect(await users.remove('BEN')).toBe(true);
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
    await repository.save({ ...open, to: closed.to });
    expect(await repository.get(open.id)).toMatchObject({ to: closed.from + 1, closed: true });
    await repository.replace(segmentRecord('back', 0, { id: 'new' }));
    expect(await repository.get('new')).toEqual(segmentRecord('back', 0, { id: 'new' }));
  });

  it('takes a segment forward whoever comes first', async () => {
    const repository = store().segments;
    const closed = segmentRecord('front', 0);
    const steps = [...Array(10).keys()].map((step) => ({
      ...closed,
      to: closed.from + step,
      bytes: step,
      closed: false,
    }));
    await Promise.all([...steps.toReversed(), closed, ...steps].map((segment) => repository.save(segment)));
    expect(await repository.get(closed.id)).toEqual(closed);
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
    await outages.save({ id: 'b', ...outage, from: T0 + 10, to: null });
    expect(await ids({ open: true, camera: 'front' })).toEqual([]);
    await outages.save({ id: 'b', ...outage, from: T0 + 10, to: T0 + 18 });
    expect(await outages.find({ camera: 'front', from: T0 + 10 })).toEqual([
      { id: 'b', ...outage, from: T0 + 10, to: T0 + 18 },
    ]);
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

  it('finds texts in any case, in any depth, and takes them as they are', async () => {
    const repository = store().events;
    const attributes = {
      plate: 'B-AB.12',
      speed: 137,
      seen: true,
      who: { name: 'Jörg MÜLLER', 'a.b': ['x(y'] },
    };
    await repository.save(eventRecord('a', 'front', 0, { attributes }));
    await repository.save(eventRecord('b', 'front', 1, { sublabel: 'ÉMILE' }));
    const ids = async (text: string) => (await repository.find({ limit: 9, text })).map((event) => event.id);
    expect(await ids('müller')).toEqual(['a']);
    expect(await ids('émi')).toEqual(['b']);
    expect(await ids('37')).toEqual(['a']);
    expect(await ids('b.12')).toEqual(['a']);
    expect(await ids('b-.12')).toEqual([]);
    expect(await ids('X(Y')).toEqual(['a']);
    expect(await ids('^person$')).toEqual([]);
    expect(await ids('plate')).toEqual([]);
    expect(await ids('PERS')).toEqual(['b', 'a']);
    expect((await repository.get('a'))?.attributes).toEqual(attributes);
    await repository.edit('b', { sublabel: 'Ämilia' });
    expect(await ids('ämi')).toEqual(['b']);
    expect(await ids('émi')).toEqual([]);
    await repository.edit('b', { sublabel: null });
    expect(await ids('ämi')).toEqual([]);
    expect(await repository.find({ limit: 0 })).toEqual([]);
  });

  it('turns every page of events that began together', async () => {
    const repository = store().events;
    const all = [...Array(23).keys()].map((index) => `e${String(index).padStart(2, '0')}`);
    for (const [index, id] of all.entries())
      await repository.save(eventRecord(id, 'front', Math.floor(index / 7)));
    const seen: string[] = [];
    let before: Parameters<typeof repository.find>[0]['before'];
    for (;;) {
      const page = await repository.find({ limit: 5, ...(before && { before }) });
      const last = page.at(-1);
      if (last === undefined) break;
      seen.push(...page.map((event) => event.id));
      before = { start: Date.parse(last.start), id: last.id };
    }
    expect(seen).toEqual(all.toReversed());
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

  it('never moves a cursor backward, whoever comes first', async () => {
    const { journal: sink, segments: repository } = store();
    const entries = (minute: number) => [
      { kind: 'segment', segment: segmentRecord('front', minute) } as const,
    ];
    await Promise.all([3, 1, 5, 2, 4].map((upTo) => sink.apply('node-1', upTo, entries(upTo))));
    expect(await sink.cursor('node-1')).toBe(5);
    await sink.apply('node-1', 4, entries(9));
    expect(await sink.cursor('node-1')).toBe(5);
    expect(await repository.get(segmentRecord('front', 9).id)).toBeUndefined();
  });

  it('applies many entries of one thing in their order', async () => {
    const { journal: sink, segments: repository, events: eventRepository, outages, audit } = store();
    const closed = segmentRecord('front', 0);
    const open = { ...closed, to: closed.from, bytes: 0, closed: false };
    const event = eventRecord('a', 'front', 0);
    const outage = { id: 'o', camera: 'front', node: 'n', from: 1, to: null, cause: 'node_down' } as const;
    const record = { id: '1', time: T0, user: 'a', action: 'x', target: null, address: null, ok: true };
    const entries: JournalEntry[] = [
      { kind: 'segment', segment: open },
      { kind: 'event', event: { ...event, end: null, score: 0.3 } },
      { kind: 'outage', outage },
      { kind: 'segment', segment: { ...open, to: open.from + 5, bytes: 5 } },
      { kind: 'event', event },
      { kind: 'audit', audit: record },
      { kind: 'outage', outage: { ...outage, to: 9 } },
      { kind: 'segment', segment: closed },
      { kind: 'segment', segment: { ...open, to: open.from + 7, bytes: 7 } },
      { kind: 'event', event: { ...event, end: null, score: 0.2 } },
      { kind: 'audit', audit: { ...record, ok: false } },
    ];
    // The second time as after a crash between the entries and the cursor.
    for (const node of ['node-1', 'node-2']) {
      await sink.apply(node, entries.length, entries);
      expect(await repository.find({})).toEqual([closed]);
      expect(await eventRepository.find({ limit: 9 })).toEqual([event]);
      expect(await outages.find({})).toEqual([{ ...outage, to: 9 }]);
      expect(await audit.list(9)).toEqual([record]);
    }
  });

  it('applies a long stretch at once', async () => {
    const { journal: sink, segments: repository } = store();
    const entries = [...Array(1500).keys()].map((minute): JournalEntry => ({
      kind: 'segment',
      segment: segmentRecord('front', minute),
    }));
    await sink.apply('node-1', 1500, entries);
    expect(await repository.find({ camera: 'front' })).toHaveLength(1500);
    await repository.remove((await repository.find({ limit: 1400 })).map(({ id }) => id));
    expect(await repository.find({ camera: 'front' })).toHaveLength(100);
  });
}

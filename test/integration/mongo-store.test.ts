import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/store/errors.ts';
import { openJournal } from '../../src/store/journal/journal.ts';
import { MIGRATIONS } from '../../src/store/mongo/migrations.ts';
import { openMongoStore } from '../../src/store/mongo/store.ts';
import type { JournalEntry, JournalSink } from '../../src/store/types.ts';
import { cameraRecord, eventRecord, segmentRecord } from '../support/conformance/records.ts';
import { storeConformance } from '../support/conformance/store.ts';
import { MONGO_TEST_SERVER, MongoTestServer, REAL_MONGO, TestDatabases } from '../support/services/mongo.ts';
import { until } from '../support/until.ts';

/** How long the server stays away. */
const AWAY_MS = Number(process.env['SIGHTMESH_TEST_AWAY_MS'] ?? 3_000);
const atHand = MONGO_TEST_SERVER !== undefined || REAL_MONGO !== undefined;

describe.skipIf(!atHand)('MongoDB', () => {
  let databases: TestDatabases;
  beforeAll(async () => {
    databases = await TestDatabases.open();
  });
  afterAll(() => databases.close());
  const open = (database = databases.name()) => openMongoStore(databases.url, { database });

  storeConformance('mongo', () => open());

  it('keeps its facts, and its indexes, when it is opened again', async () => {
    const database = databases.name();
    const first = await open(database);
    await first.cameras.insert(cameraRecord('front'));
    await first.close();
    const second = await open(database);
    expect(await second.cameras.get('front')).toEqual(cameraRecord('front'));
    await second.close();
  });
});

describe.skipIf(MONGO_TEST_SERVER === undefined)('MongoDB test server: away and back', () => {
  let server: MongoTestServer;
  beforeAll(async () => {
    server = await MongoTestServer.start();
  });
  afterAll(() => server.stop());
  const segmentEntry = (minute: number): JournalEntry => ({
    kind: 'segment',
    segment: segmentRecord('front', minute),
  });

  it('warns that it is no replica set, and says what that puts at risk', async () => {
    const warnings: string[] = [];
    const store = await openMongoStore(server.url(), { onWarning: (warning) => warnings.push(warning) });
    await store.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/no replica set.*lost.*three servers/);
  });

  it('brings indexes up to date from several nodes at once, and refuses those of a newer version', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => openMongoStore(server.url('several'))));
    await Promise.all(stores.map((store) => store.close()));
    const client = new MongoClient(server.url());
    try {
      const database = client.db('several');
      const indexes = await database.collection('segments').indexes();
      expect(indexes.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['camera_from', 'camera_to', 'volume', 'node']),
      );
      expect(await database.collection('schema').find().toArray()).toEqual([
        { _id: 'schema', version: MIGRATIONS.length },
      ]);
      await database.collection('schema').updateOne({}, { $set: { version: 99 } });
      await expect(openMongoStore(server.url('several'))).rejects.toThrow('start the newer version');
    } finally {
      await client.close();
    }
  });

  it('says that it is away, without credentials, in time', async () => {
    const url = 'mongodb://admin:s3cretword@127.0.0.1:9/?directConnection=true';
    const opening = openMongoStore(url, { deadlineMs: 1_500 });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toMatch(/127\.0\.0\.1:9 does not answer/);
    expect(inspect(error, { depth: 9 })).not.toContain('s3cretword');
  });

  it('gives up on a server that hangs, and goes on when it moves', async () => {
    const store = await openMongoStore(server.url('hangs'), { deadlineMs: 2_000 });
    await store.cameras.insert(cameraRecord('front'));
    server.freeze(true);
    await expect(store.cameras.get('front')).rejects.toBeInstanceOf(StoreUnavailableError);
    server.freeze(false);
    await until('the server', async () => (await store.cameras.get('front')) !== undefined);
    await store.close();
  });

  it('waits for a server that is not there yet', async () => {
    await server.kill();
    const problems: (string | null)[] = [];
    const store = await openMongoStore(server.url('later'), {
      whenAway: 'wait',
      deadlineMs: 1_000,
      onProblem: (problem) => problems.push(problem),
    });
    await expect(store.cameras.list()).rejects.toBeInstanceOf(StoreUnavailableError);
    await server.restart();
    await until('the store', async () => (await store.cameras.list()).length === 0);
    expect(problems).toEqual([expect.stringContaining('takes writes'), null]);
    await store.close();
  });

  it('sets aside an event that is too large for a document, and goes on', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'journal-'));
    const store = await openMongoStore(server.url('large'));
    const journal = await openJournal({ folder, node: 'n', sink: store.journal, retryMs: [1, 10] });
    await journal.append(segmentEntry(1));
    const attributes = { text: 'x'.repeat(10 * 2 ** 20) };
    await journal.append({ kind: 'event', event: eventRecord('e', 'front', 0, { attributes }) });
    await journal.append(segmentEntry(2));
    await journal.drained();
    expect(await store.segments.find({})).toHaveLength(2);
    expect(await store.events.get('e')).toBeUndefined();
    expect(journal.stats).toMatchObject({ waiting: 0, damaged: 1 });
    await journal.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('carries the journal on after the server was killed: nothing lost, in order', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'journal-'));
    const problems: (string | null)[] = [];
    const store = await openMongoStore(server.url('journal'), {
      deadlineMs: 3_000,
      onProblem: (problem) => problems.push(problem),
    });
    const applied: number[] = [];
    const sink: JournalSink = {
      cursor: (node) => store.journal.cursor(node),
      apply: async (node, upTo, entries) => {
        await store.journal.apply(node, upTo, entries);
        applied.push(upTo);
      },
    };
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [50, 1_000] });
    let minute = 0;
    const append = async (count: number): Promise<void> => {
      for (const end = minute + count; minute < end; minute += 1) await journal.append(segmentEntry(minute));
    };
    // Killed in the middle of what it is given.
    const writing = append(400);
    await until('the first entries', () => journal.stats.applied > 20);
    await server.kill();
    await writing;
    await append(600);
    await until('the trouble to be seen', () => journal.stats.problem !== null);
    expect(journal.stats.waiting).toBeGreaterThan(600);
    await delay(AWAY_MS);
    await append(100);
    await server.restart();
    await journal.drained();
    expect(journal.stats).toMatchObject({ waiting: 0, damaged: 0, problem: null });
    const found = await store.segments.find({ camera: 'front' });
    expect(found.map(({ id }) => id)).toEqual(
      [...Array(minute).keys()].map((index) => segmentRecord('front', index).id),
    );
    expect(applied).toEqual(applied.toSorted((a, b) => a - b));
    expect(problems).toEqual([expect.stringContaining('takes writes'), null]);
    await journal.close();
    await store.close();
    await rm(folder, { recursive: true });
  });
});

// Inserts a second and times of queries of the catalog: SQLite, and MongoDB where there is one.
//   npm run bench -- store [segments=20000] [events=20000]
// SIGHTMESH_TEST_MONGO_URL names a MongoDB server; else the stand-in of the tests serves, which ignores most indexes:
// `mongo.real` is false then, and its times say nothing about MongoDB.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openMongoStore } from '../src/store/mongo/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import type { JournalEntry, Store } from '../src/store/types.ts';
import { eventRecord, segmentRecord, T0 } from '../test/support/conformance/records.ts';
import { MONGO_TEST_SERVER, REAL_MONGO, TestDatabases } from '../test/support/services/mongo.ts';
import { median, percentile, round } from './support/statistics.ts';

const [segmentCount = 20_000, eventCount = 20_000] = process.argv.slice(2).map(Number);
const CAMERAS = 20;
const BATCH = 500;
const SINGLE = 500;
const ROUNDS = 21;

const cameraOf = (index: number): string => `cam${String(index % CAMERAS)}`;
const LABELS = ['person', 'car', 'dog', 'bicycle'];

/** A segment a minute and camera, an event every two seconds. */
function* entries(): Generator<JournalEntry> {
  for (let index = 0; index < segmentCount; index += 1) {
    yield { kind: 'segment', segment: segmentRecord(cameraOf(index), Math.floor(index / CAMERAS)) };
  }
  for (let index = 0; index < eventCount; index += 1) {
    const label = LABELS[index % LABELS.length] ?? '';
    const attributes = { plate: `B-AB ${String(index)}`, color: index % 7 === 0 ? 'red' : 'white' };
    const event = eventRecord(`e${String(index)}`, cameraOf(index * 7), index * 2, {
      label,
      attributes,
      zones: index % 3 === 0 ? ['door'] : [],
    });
    yield { kind: 'event', event };
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Entries a second by the journal's way, in stretches. */
async function fill(store: Store): Promise<number> {
  let upTo = 0;
  const apply = async (batch: JournalEntry[]): Promise<void> => {
    upTo += batch.length;
    await store.journal.apply('bench', upTo, batch);
  };
  const elapsed = await seconds(async () => {
    let batch: JournalEntry[] = [];
    for (const entry of entries()) {
      batch.push(entry);
      if (batch.length < BATCH) continue;
      await apply(batch);
      batch = [];
    }
    if (batch.length > 0) await apply(batch);
  });
  return round(upTo / elapsed, 0);
}

/** Calls a second that wait for each other. */
async function single(store: Store): Promise<number> {
  const elapsed = await seconds(async () => {
    for (let index = 0; index < SINGLE; index += 1) {
      await store.segments.save(segmentRecord('single', index));
    }
  });
  return round(SINGLE / elapsed, 0);
}

async function timed(work: () => Promise<readonly unknown[]>) {
  const times: number[] = [];
  let rows = 0;
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    times.push((await seconds(async () => (rows = (await work()).length))) * 1000);
  }
  return { rows, p50: round(median(times)), p95: round(percentile(times, 0.95)) };
}

async function measure(store: Store) {
  const journalPerSecond = await fill(store);
  const savesPerSecond = await single(store);
  const { events, segments } = store;
  const end = T0 + eventCount * 2_000;
  const middle = T0 + Math.floor(segmentCount / CAMERAS / 2) * 60_000;
  const queriesMs = {
    newestEvents: await timed(() => events.find({ limit: 100 })),
    deepPage: await timed(() =>
      events.find({ limit: 100, before: { start: T0 + eventCount * 500, id: 'e' } }),
    ),
    cameraAndLabel: await timed(() => events.find({ cameras: ['cam3'], labels: ['car', 'dog'], limit: 100 })),
    lastTenMinutes: await timed(() => events.find({ from: end - 600_000, limit: 1_000 })),
    tenMinutesLongAgo: await timed(() => events.find({ from: T0, to: T0 + 600_000, limit: 1_000 })),
    textEverywhere: await timed(() => events.find({ text: 'ab 77', limit: 100 })),
    textNowhere: await timed(() => events.find({ text: 'nothing like it', limit: 100 })),
    hourOfSegments: await timed(() =>
      segments.find({ camera: 'cam3', stream: 'main', from: middle, to: middle + 3_600_000 }),
    ),
    oldestSegments: await timed(() => segments.oldest('volume-1', 100)),
    usage: await timed(() => segments.usage()),
  };
  return { journalPerSecond, savesPerSecond, queriesMs };
}

async function sqlite() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-bench-'));
  const store = await openSqliteStore(path.join(folder, 'catalog.db'));
  try {
    return await measure(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function mongo() {
  if (REAL_MONGO === undefined && MONGO_TEST_SERVER === undefined) return null;
  const databases = await TestDatabases.open();
  try {
    const store = await openMongoStore(databases.url, { database: databases.name(), deadlineMs: 60_000 });
    const result = await measure(store);
    await store.close();
    return { real: REAL_MONGO !== undefined, ...result };
  } finally {
    await databases.close();
  }
}

const result = { segments: segmentCount, events: eventCount, sqlite: await sqlite(), mongo: await mongo() };
process.stdout.write(`${JSON.stringify({ bench: 'store', ...result })}\n`);

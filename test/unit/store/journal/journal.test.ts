import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../src/store/errors.ts';
import { encodeLine, parseLines } from '../../../../src/store/journal/format.ts';
import { openJournal } from '../../../../src/store/journal/journal.ts';
import { openSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import type { JournalEntry, JournalSink } from '../../../../src/store/types.ts';
import { eventRecord, segmentRecord } from '../../../support/conformance/records.ts';

const segmentEntry = (minute: number): JournalEntry => ({
  kind: 'segment',
  segment: segmentRecord('front', minute),
});

/** A store of numbers only, which can be told to be away or to refuse one entry. */
class FakeSink implements JournalSink {
  readonly entries: JournalEntry[] = [];
  position = 0;
  away = false;
  refuses: JournalEntry | undefined;
  calls = 0;
  cursor(): Promise<number> {
    return Promise.resolve(this.position);
  }
  apply(_node: string, upTo: number, entries: readonly JournalEntry[]): Promise<void> {
    this.calls += 1;
    if (this.away) return Promise.reject(new Error('the store is away'));
    const refused = JSON.stringify(this.refuses);
    if (entries.some((entry) => JSON.stringify(entry) === refused)) {
      return Promise.reject(new Error('NOT NULL constraint failed'));
    }
    this.entries.push(...entries);
    this.position = upTo;
    return Promise.resolve();
  }
}

/** A store that says so when it is away, and now and then when it is not. */
class FlappingSink extends FakeSink {
  greatest = 0;
  override async cursor(): Promise<number> {
    this.calls += 1;
    if (this.away) throw new StoreUnavailableError('the store is away');
    return super.cursor();
  }
  override async apply(node: string, upTo: number, entries: readonly JournalEntry[]): Promise<void> {
    this.calls += 1;
    this.greatest = Math.max(this.greatest, JSON.stringify(entries).length);
    if (this.away || this.calls % 7 === 0) throw new StoreUnavailableError('the store is away');
    return super.apply(node, upTo, entries);
  }
}

const minutes = (sink: FakeSink): number[] =>
  sink.entries.flatMap((entry) =>
    entry.kind === 'segment' ? [(entry.segment.from - segmentRecord('front', 0).from) / 60_000] : [],
  );

describe('journal', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'journal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const logs = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();

  it('carries entries into the store, in order', async () => {
    const store: SqliteStore = await openSqliteStore(':memory:');
    const journal = await openJournal({ folder, node: 'n', sink: store.journal });
    await Promise.all([...Array(500).keys()].map((minute) => journal.append(segmentEntry(minute))));
    await journal.append({ kind: 'event', event: eventRecord('e', 'front', 0) });
    await journal.drained();
    expect(await store.segments.find({ camera: 'front' })).toHaveLength(500);
    expect(await store.events.get('e')).toBeDefined();
    expect(journal.stats).toMatchObject({
      waiting: 0,
      appended: 501,
      applied: 501,
      damaged: 0,
      problem: null,
    });
    await journal.close();
    await journal.close();
    await expect(journal.append(segmentEntry(1))).rejects.toThrow('closed');
    await store.close();
  });

  it('keeps entries while the store is away, and replays them after a crash', async () => {
    const away = new FakeSink();
    away.away = true;
    const problems: (string | null)[] = [];
    const first = await openJournal({
      folder,
      node: 'n',
      sink: away,
      retryMs: [1, 2],
      closeMs: 1,
      onProblem: (problem) => problems.push(problem),
    });
    await first.append(segmentEntry(1));
    await first.append(segmentEntry(2));
    await first.close();
    expect(problems[0]).toBe('the store is away');
    expect(first.stats.waiting).toBe(2);
    const back = new FakeSink();
    const second = await openJournal({ folder, node: 'n', sink: back });
    await second.append(segmentEntry(3));
    await second.drained();
    await second.close();
    expect(minutes(back)).toEqual([1, 2, 3]);
  });

  it('goes on by itself when the store comes back', async () => {
    const sink = new FakeSink();
    sink.away = true;
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2] });
    await journal.append(segmentEntry(1));
    while (sink.calls < 5) await new Promise((resolve) => setImmediate(resolve));
    expect(journal.stats.problem).toBe('the store is away');
    sink.away = false;
    await journal.drained();
    expect(minutes(sink)).toEqual([1]);
    expect(journal.stats.damaged).toBe(0);
    await journal.close();
  });

  it('does not apply again what the store has', async () => {
    const sink = new FakeSink();
    const first = await openJournal({ folder, node: 'n', sink });
    await first.append(segmentEntry(1));
    await first.drained();
    await first.close();
    const second = await openJournal({ folder, node: 'n', sink });
    await second.append(segmentEntry(2));
    await second.drained();
    await second.close();
    expect(minutes(sink)).toEqual([1, 2]);
  });

  it('numbers on from the store when its files are gone', async () => {
    const sink = new FakeSink();
    sink.position = 41;
    const journal = await openJournal({ folder, node: 'n', sink });
    await journal.append(segmentEntry(1));
    await journal.drained();
    await journal.close();
    expect(sink.position).toBe(42);
  });

  it('reads past a torn tail and damaged lines', async () => {
    const whole = [1, 2, 3].map((minute, index) =>
      encodeLine({ sequence: index + 1, entry: segmentEntry(minute) }),
    );
    const damaged = whole[1]?.replace('front', 'frost') ?? '';
    await writeFile(
      path.join(folder, '0000000000000001.log'),
      `${whole[0] ?? ''}${damaged}${whole[2] ?? ''}deadbe`,
    );
    const sink = new FakeSink();
    const journal = await openJournal({ folder, node: 'n', sink });
    await journal.append(segmentEntry(4));
    await journal.drained();
    expect(minutes(sink)).toEqual([1, 3, 4]);
    expect(journal.stats.damaged).toBe(1);
    await journal.close();
  });

  it('begins new files and removes those that are applied', async () => {
    const sink = new FakeSink();
    const journal = await openJournal({ folder, node: 'n', sink, fileBytes: 1000 });
    for (const minute of Array(40).keys()) await journal.append(segmentEntry(minute));
    await journal.drained();
    await journal.append(segmentEntry(40));
    await journal.drained();
    expect(minutes(sink)).toEqual([...Array(41).keys()]);
    await journal.close();
    expect((await logs()).length).toBeLessThanOrEqual(3);
  });

  it('sets aside an entry that the store refuses, and goes on', async () => {
    const sink = new FakeSink();
    sink.refuses = segmentEntry(2);
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2] });
    await Promise.all([1, 2, 3].map((minute) => journal.append(segmentEntry(minute))));
    await journal.drained();
    expect(minutes(sink)).toEqual([1, 3]);
    expect(journal.stats).toMatchObject({ damaged: 1, waiting: 0 });
    await journal.append(segmentEntry(4));
    await journal.drained();
    expect(journal.stats.problem).toBeNull();
    await journal.close();
    const rejected = parseLines(await readFile(path.join(folder, 'rejected.jsonl')));
    expect(rejected.lines.map((line) => line.entry)).toEqual([segmentEntry(2)]);
  });

  it('refuses an entry that the disk refuses, and takes the next', async () => {
    const sink = new FakeSink();
    const journal = await openJournal({ folder, node: 'n', sink });
    await writeFile(path.join(folder, '0000000000000001.log'), '');
    await expect(journal.append(segmentEntry(1))).rejects.toThrow('EEXIST');
    await journal.append(segmentEntry(2));
    await journal.drained();
    expect(minutes(sink)).toEqual([2]);
    await journal.close();
  });

  it('reads an entry that is larger than one reading', async () => {
    const sink = new FakeSink();
    const journal = await openJournal({ folder, node: 'n', sink });
    const event = eventRecord('e', 'front', 0, { attributes: { text: 'ü'.repeat(600_000) } });
    await journal.append({ kind: 'event', event });
    await journal.append(segmentEntry(1));
    await journal.drained();
    expect(sink.entries).toEqual([{ kind: 'event', event }, segmentEntry(1)]);
    await journal.close();
  });

  it('keeps order and loses nothing while the store comes and goes', async () => {
    const sink = new FlappingSink();
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2], fileBytes: 100_000 });
    for (let minute = 0; minute < 2_000; minute += 1) {
      sink.away = minute % 400 < 300;
      await journal.append(segmentEntry(minute));
    }
    expect(journal.stats.waiting).toBeGreaterThan(0);
    sink.away = false;
    await journal.drained();
    expect(minutes(sink)).toEqual([...Array(2_000).keys()]);
    expect(journal.stats).toMatchObject({ waiting: 0, damaged: 0, problem: null });
    await journal.close();
    expect(await readdir(folder)).not.toContain('rejected.jsonl');
  });

  it('holds what waits on disk, not in memory', async () => {
    const sink = new FlappingSink();
    sink.away = true;
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2], closeMs: 1 });
    const count = 20_000;
    for (let minute = 0; minute < count; minute += 1_000) {
      await Promise.all(
        [...Array(1_000).keys()].map((index) => journal.append(segmentEntry(minute + index))),
      );
    }
    while (sink.calls < 20) await new Promise((resolve) => setImmediate(resolve));
    expect(journal.stats.waiting).toBe(count);
    sink.away = false;
    await journal.drained();
    expect(minutes(sink)).toEqual([...Array(count).keys()]);
    expect(sink.greatest).toBeLessThan(300_000);
    await journal.close();
  });

  it('opens while the store is away, and loses nothing that it had', async () => {
    const sink = new FlappingSink();
    const first = await openJournal({ folder, node: 'n', sink, closeMs: 1 });
    for (const minute of [1, 2]) await first.append(segmentEntry(minute));
    await first.drained();
    sink.away = true;
    await first.append(segmentEntry(3));
    await first.close();
    const second = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2] });
    await second.append(segmentEntry(4));
    expect(second.stats.waiting).toBeGreaterThanOrEqual(2);
    expect(second.stats.waiting).toBeLessThanOrEqual(4);
    sink.away = false;
    await second.drained();
    expect(second.stats.waiting).toBe(0);
    await second.close();
    const third = await openJournal({ folder, node: 'n', sink });
    await third.append(segmentEntry(5));
    await third.drained();
    expect(minutes(sink)).toEqual([1, 2, 3, 4, 5]);
    await third.close();
  });

  it('numbers on from the store that was away when its files are gone', async () => {
    const sink = new FlappingSink();
    sink.position = 41;
    sink.away = true;
    const journal = await openJournal({ folder, node: 'n', sink, retryMs: [1, 2] });
    expect(journal.stats.waiting).toBe(0);
    await journal.append(segmentEntry(1));
    expect(journal.stats.waiting).toBe(1);
    sink.away = false;
    await journal.drained();
    expect(minutes(sink)).toEqual([1]);
    expect(journal.stats.waiting).toBe(0);
    await journal.close();
  });

  it('does not open when the store fails by itself', async () => {
    const sink = new FakeSink();
    sink.cursor = () => Promise.reject(new Error('the user lacks rights'));
    await expect(openJournal({ folder, node: 'n', sink })).rejects.toThrow('lacks rights');
  });
});

import type { Collection, Db } from 'mongodb';
import type {
  AuditRecord,
  JournalEntry,
  JournalSink,
  OutageRecord,
  SegmentRecord,
  WantedRecord,
} from '../types.ts';
import type { EventRecord } from '../../contracts/entities.ts';
import { type EventDocument, eventUpsert, mergeEvents } from './events.ts';
import { intervalUpsert, mergeIntervals } from './intervals.ts';
import { type SegmentDocument, mergeSegments, segmentUpsert } from './segments.ts';
import { auditUpsert } from './sessions.ts';
import { type Keyed, type Upsert, upsertMany, upsertOne } from './upserts.ts';

interface Cursor extends Keyed {
  readonly position: number;
}

type Entry<K extends JournalEntry['kind']> = Extract<JournalEntry, { kind: K }>;

/** The records of one kind, one for each id: what the entries of a stretch are together, in their order. */
function merged<T extends { readonly id: string }>(
  records: readonly T[],
  merge: (older: T, newer: T) => T,
): T[] {
  const byId = new Map<string, T>();
  for (const record of records) {
    const older = byId.get(record.id);
    byId.set(record.id, older === undefined ? record : merge(older, record));
  }
  return [...byId.values()];
}

const oldest = <T>(older: T): T => older;

/**
 * A stretch of a journal without transactions: every entry is an upsert that may be repeated, and the cursor moves, never
 * backward, only when all of them are on a majority. After a crash in between they are applied once more.
 */
export function journal(database: Db): JournalSink {
  const collection = <T extends Keyed>(name: string): Collection<T> => database.collection<T>(name);
  const cursors = collection<Cursor>('cursors');
  const cursor = async (node: string): Promise<number> =>
    (await cursors.findOne({ _id: node }))?.position ?? 0;

  const applyAll = async (entries: readonly JournalEntry[]): Promise<void> => {
    const of = <K extends JournalEntry['kind']>(kind: K): Entry<K>[] =>
      entries.filter((entry): entry is Entry<K> => entry.kind === kind);
    const records = {
      segments: of('segment').map(({ segment }) => segment),
      events: of('event').map(({ event }) => event),
      outages: of('outage').map(({ outage }) => outage),
      wanted: of('wanted').map(({ wanted }) => wanted),
      audit: of('audit').map(({ audit }) => audit),
    };
    const into = <T extends Keyed>(name: string, upserts: readonly Upsert<T>[]): Promise<void> =>
      upsertMany(collection<T>(name), upserts);
    await Promise.all([
      into<SegmentDocument>(
        'segments',
        merged<SegmentRecord>(records.segments, mergeSegments).map(segmentUpsert),
      ),
      into<EventDocument>('events', merged<EventRecord>(records.events, mergeEvents).map(eventUpsert)),
      into('outages', merged(records.outages, mergeIntervals<OutageRecord>).map(intervalUpsert)),
      into('wanted', merged(records.wanted, mergeIntervals<WantedRecord>).map(intervalUpsert)),
      into('audit', merged<AuditRecord>(records.audit, oldest).map(auditUpsert)),
    ]);
  };

  return {
    cursor,
    apply: async (node, upTo, entries) => {
      if (upTo <= (await cursor(node))) return;
      await applyAll(entries);
      await upsertOne(cursors, { id: node, update: { $max: { position: upTo } } });
    },
  };
}

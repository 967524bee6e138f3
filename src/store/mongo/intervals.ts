import type { Db, Filter } from 'mongodb';
import type { IntervalQuery, IntervalRepository } from '../types.ts';
import { flat, type Flat, whole } from './records.ts';
import { type Upsert, upsertOne } from './upserts.ts';

interface Interval {
  readonly id: string;
  readonly camera: string;
  readonly from: number;
  readonly to: number | null;
}

type IntervalDocument = Flat<Interval>;

/** One that has ended is not opened again. `record` may have more fields than these: all are kept. */
export function intervalUpsert(record: Interval): Upsert<IntervalDocument> {
  const { _id, ...fields } = flat(record);
  const update = { $set: fields };
  return record.to === null ? { id: _id, only: { to: null }, update } : { id: _id, update };
}

/** What two entries of one interval are together, the older first. */
export const mergeIntervals = <T extends Interval>(older: T, newer: T): T =>
  older.to !== null && newer.to === null ? older : newer;

function filterOf({ camera, from, to, open }: IntervalQuery): Filter<IntervalDocument> {
  const conditions: Filter<IntervalDocument>[] = [];
  if (camera !== undefined) conditions.push({ camera });
  if (from !== undefined) conditions.push({ $or: [{ to: null }, { to: { $gt: from } }] });
  if (to !== undefined) conditions.push({ from: { $lt: to } });
  if (open !== undefined) conditions.push({ to: open ? null : { $ne: null } });
  return conditions.length === 0 ? {} : { $and: conditions };
}

export function intervals<T extends Interval>(
  database: Db,
  name: 'outages' | 'wanted',
): IntervalRepository<T> {
  const collection = database.collection<IntervalDocument>(name);
  return {
    save: (record) => upsertOne(collection, intervalUpsert(record)),
    find: async (query) => {
      const found = await collection.find(filterOf(query)).sort({ from: 1, _id: 1 }).toArray();
      return found.map((document) => whole<Interval>(document) as T);
    },
    removeBefore: async (time, camera) => {
      const of = camera === undefined ? {} : { camera };
      return (await collection.deleteMany({ to: { $lt: time }, ...of })).deletedCount;
    },
  };
}

import type { Collection, Db, Filter } from 'mongodb';
import type { SegmentQuery, SegmentRecord, SegmentRepository } from '../types.ts';
import { flat, type Flat, whole } from './records.ts';
import { type Upsert, upsertOne } from './upserts.ts';

export type SegmentDocument = Flat<SegmentRecord>;

/** Never backward: the greater `to` and `bytes` stay, and one that is closed takes no more from an open one. */
export function segmentUpsert(segment: SegmentRecord): Upsert<SegmentDocument> {
  const { _id, to, bytes, closed, ...fixed } = flat(segment);
  return closed
    ? { id: _id, update: { $setOnInsert: fixed, $max: { to, bytes }, $set: { closed } } }
    : { id: _id, only: { closed: false }, update: { $setOnInsert: fixed, $max: { to, bytes } } };
}

/** What two entries of one segment are together, the older first. */
export function mergeSegments(older: SegmentRecord, newer: SegmentRecord): SegmentRecord {
  if (older.closed && !newer.closed) return older;
  return {
    ...older,
    to: Math.max(older.to, newer.to),
    bytes: Math.max(older.bytes, newer.bytes),
    closed: newer.closed,
  };
}

function filterOf(query: SegmentQuery): Filter<SegmentDocument> {
  const { camera, stream, volume, node, closed, from, to } = query;
  return {
    ...(camera !== undefined && { camera }),
    ...(stream !== undefined && { stream }),
    ...(volume !== undefined && { volume }),
    ...(node !== undefined && { node }),
    ...(closed !== undefined && { closed }),
    ...(from !== undefined && { to: { $gt: from } }),
    ...(to !== undefined && { from: { $lt: to } }),
  };
}

async function ordered(
  collection: Collection<SegmentDocument>,
  filter: Filter<SegmentDocument>,
  limit: number | undefined,
): Promise<SegmentRecord[]> {
  if (limit !== undefined && limit <= 0) return [];
  const cursor = collection.find(filter).sort({ from: 1, _id: 1 });
  const found = await (limit === undefined ? cursor : cursor.limit(limit)).toArray();
  return found.map((document) => whole<SegmentRecord>(document));
}

interface Usage {
  readonly _id: { readonly volume: string; readonly camera: string };
  readonly bytes: number;
  readonly segments: number;
  readonly from: number;
  readonly to: number;
}

const USAGE = [
  {
    $group: {
      _id: { volume: '$volume', camera: '$camera' },
      bytes: { $sum: '$bytes' },
      segments: { $sum: 1 },
      from: { $min: '$from' },
      to: { $max: '$to' },
    },
  },
  { $sort: { '_id.volume': 1, '_id.camera': 1 } },
];

export function segments(database: Db): SegmentRepository {
  const collection = database.collection<SegmentDocument>('segments');
  return {
    save: (segment) => upsertOne(collection, segmentUpsert(segment)),
    replace: (segment) => {
      const { _id, ...fields } = flat(segment);
      return upsertOne(collection, { id: _id, update: { $set: fields } });
    },
    get: async (id) => {
      const found = await collection.findOne({ _id: id });
      return found === null ? undefined : whole<SegmentRecord>(found);
    },
    find: (query) => ordered(collection, filterOf(query), query.limit),
    remove: async (ids) => {
      if (ids.length > 0) await collection.deleteMany({ _id: { $in: [...ids] } });
    },
    oldest: (volume, limit) => ordered(collection, { volume, closed: true }, limit),
    usage: async () => {
      const found = await collection.aggregate<Usage>(USAGE).toArray();
      return found.map(({ _id, bytes, segments: count, from, to }) => ({
        volume: _id.volume,
        camera: _id.camera,
        bytes,
        segments: count,
        from,
        to,
      }));
    },
  };
}

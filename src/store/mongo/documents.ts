import type { Collection, Db } from 'mongodb';
import type {
  CameraRecord,
  CameraRepository,
  NodeRecord,
  NodeRepository,
  SettingsRepository,
  UserRecord,
  UserRepository,
  VolumeRecord,
  VolumeRepository,
} from '../types.ts';
import { isDuplicateKey } from './failures.ts';
import { type Keyed, upsertOne } from './upserts.ts';

/** What is kept whole, as JSON text: names of fields that users choose may have dots, dollars or anything. */
interface Json extends Keyed {
  readonly document: string;
}
interface VersionedJson extends Json {
  readonly version: number;
}

/** False when there is one with this id. */
export async function insert<T extends Keyed>(collection: Collection<T>, document: T): Promise<boolean> {
  try {
    await collection.insertOne(document as Parameters<typeof collection.insertOne>[0]);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Documents with a version that compare-and-set checks. */
function versioned<T extends { readonly version: number }>(
  collection: Collection<VersionedJson>,
  idOf: (record: T) => string,
  toId: (key: string) => string = (key) => key,
) {
  const parse = ({ document }: VersionedJson): T => JSON.parse(document) as T;
  const fields = (record: T) => ({ version: record.version, document: JSON.stringify(record) });
  return {
    list: async () => (await collection.find().sort({ _id: 1 }).toArray()).map(parse),
    get: async (key: string) => {
      const found = await collection.findOne({ _id: toId(key) });
      return found === null ? undefined : parse(found);
    },
    insert: (record: T) => insert(collection, { _id: idOf(record), ...fields(record) }),
    update: async (record: T, expected: number) => {
      const filter = { _id: idOf(record), version: expected };
      const { matchedCount } = await collection.updateOne(filter, { $set: fields(record) });
      return matchedCount === 1;
    },
    remove: async (key: string) => (await collection.deleteOne({ _id: toId(key) })).deletedCount === 1,
  };
}

/** Documents that are simply written over. */
function plain<T extends { readonly id: string }>(collection: Collection<Json>) {
  const parse = ({ document }: Json): T => JSON.parse(document) as T;
  return {
    list: async () => (await collection.find().sort({ _id: 1 }).toArray()).map(parse),
    get: async (id: string) => {
      const found = await collection.findOne({ _id: id });
      return found === null ? undefined : parse(found);
    },
    save: (record: T) =>
      upsertOne(collection, { id: record.id, update: { $set: { document: JSON.stringify(record) } } }),
    remove: async (id: string) => (await collection.deleteOne({ _id: id })).deletedCount === 1,
  };
}

export const cameras = (database: Db): CameraRepository =>
  versioned<CameraRecord>(database.collection('cameras'), ({ id }) => id);

export const userKey = (name: string): string => name.toLowerCase();

/** By the name in lower case: names that differ only in case are the same. */
export const users = (database: Db): UserRepository =>
  versioned<UserRecord>(database.collection('users'), ({ name }) => userKey(name), userKey);

export const volumes = (database: Db): VolumeRepository =>
  plain<VolumeRecord>(database.collection('volumes'));

export const nodes = (database: Db): NodeRepository => plain<NodeRecord>(database.collection('nodes'));

export function settings(database: Db): SettingsRepository {
  const collection = database.collection<Json>('settings');
  return {
    get: async (key) => {
      const found = await collection.findOne({ _id: key });
      return found === null ? undefined : (JSON.parse(found.document) as unknown);
    },
    set: (key, value) =>
      upsertOne(collection, { id: key, update: { $set: { document: JSON.stringify(value) } } }),
    setIfAbsent: (key, value) => insert(collection, { _id: key, document: JSON.stringify(value) }),
    remove: async (key) => (await collection.deleteOne({ _id: key })).deletedCount === 1,
  };
}

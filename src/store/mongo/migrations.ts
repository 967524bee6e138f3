import type { Collection, Db, IndexDescription } from 'mongodb';
import { isDuplicateKey } from './failures.ts';

/** Names of indexes by collection. Making one that is there already does nothing. */
type Indexes = Readonly<Record<string, readonly (IndexDescription & { readonly name: string })[]>>;

/** Each brings the database from the version that is its index to the next. Never change one that was released: add. */
export const MIGRATIONS: readonly Indexes[] = [
  {
    sessions: [
      { name: 'user', key: { userKey: 1 } },
      { name: 'expiry', key: { expiresAt: 1 } },
    ],
    segments: [
      { name: 'camera_from', key: { camera: 1, from: 1 } },
      { name: 'camera_to', key: { camera: 1, to: 1 } },
      { name: 'volume', key: { volume: 1, closed: 1, from: 1 } },
      { name: 'node', key: { node: 1, closed: 1 } },
    ],
    outages: [{ name: 'camera', key: { camera: 1, from: 1 } }],
    wanted: [{ name: 'camera', key: { camera: 1, from: 1 } }],
    events: [
      { name: 'start', key: { start: -1, _id: -1 } },
      { name: 'camera', key: { camera: 1, start: -1, _id: -1 } },
      { name: 'end', key: { end: 1 } },
    ],
    audit: [{ name: 'time', key: { time: 1 } }],
  },
];

interface Schema {
  readonly _id: 'schema';
  readonly version: number;
}

/**
 * Brings the indexes up to date. Several nodes may do so at once.
 * @throws Error when the database was written by a newer version of the program.
 */
export async function migrate(database: Db, migrations: readonly Indexes[] = MIGRATIONS): Promise<void> {
  const schemas = database.collection<Schema>('schema');
  const version = (await schemas.findOne({ _id: 'schema' }))?.version ?? 0;
  if (version > migrations.length) {
    throw new Error(
      `the catalog has schema ${String(version)}, this version knows ${String(migrations.length)}: start the newer version`,
    );
  }
  for (const [index, indexes] of migrations.entries()) {
    if (index < version) continue;
    for (const [collection, descriptions] of Object.entries(indexes)) {
      await database.collection(collection).createIndexes([...descriptions]);
    }
    await record(schemas, index + 1);
  }
}

/** Never backward: another node may be ahead. */
async function record(schemas: Collection<Schema>, version: number): Promise<void> {
  try {
    await schemas.updateOne({ _id: 'schema' }, { $max: { version } }, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await schemas.updateOne({ _id: 'schema' }, { $max: { version } });
  }
}

import {
  type AnyBulkWriteOperation,
  type Collection,
  type Filter,
  MongoBulkWriteError,
  type UpdateFilter,
} from 'mongodb';
import { DUPLICATE_KEY, isDuplicateKey } from './failures.ts';

export interface Keyed {
  readonly _id: string;
}

/**
 * An update of the document with `id`, which is inserted when there is none. Where the document exists and does not
 * match `only`, nothing is done.
 */
export interface Upsert<T extends Keyed> {
  readonly id: string;
  readonly only?: Filter<T>;
  readonly update: UpdateFilter<T>;
}

type Op<T extends Keyed> = AnyBulkWriteOperation<T>;

const operation = <T extends Keyed>({ id, only, update }: Upsert<T>, upsert: boolean): Op<T> => ({
  updateOne: { filter: { ...only, _id: id } as Filter<T>, update, upsert },
});

/**
 * Does one upsert. An insert that meets an existing document (another writer was first, or `only` does not match it)
 * becomes an update.
 */
export async function upsertOne<T extends Keyed>(
  collection: Collection<T>,
  upsert: Upsert<T>,
): Promise<void> {
  const filter = { ...upsert.only, _id: upsert.id } as Filter<T>;
  try {
    await collection.updateOne(filter, upsert.update, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await collection.updateOne(filter, upsert.update);
  }
}

/** Does many, each id at most once, in any order. Those that can be done are done when one fails. */
export async function upsertMany<T extends Keyed>(
  collection: Collection<T>,
  upserts: readonly Upsert<T>[],
): Promise<void> {
  if (upserts.length === 0) return;
  try {
    await collection.bulkWrite(
      upserts.map((upsert) => operation(upsert, true)),
      { ordered: false },
    );
  } catch (error) {
    const met = duplicates(error).flatMap((index) => upserts[index] ?? []);
    if (met.length === 0) throw error;
    await collection.bulkWrite(
      met.map((upsert) => operation(upsert, false)),
      { ordered: false },
    );
  }
}

/** Which operations met an existing document; none when anything else went wrong too. */
function duplicates(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) return [];
  const failed = error.result.getWriteErrors();
  const concern = error.result.getWriteConcernError();
  if (concern !== undefined || failed.some(({ code }) => code !== DUPLICATE_KEY)) return [];
  return failed.map(({ index }) => index);
}

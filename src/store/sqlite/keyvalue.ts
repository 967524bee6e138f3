import type { KeyValueTable, Sync } from './protocol.ts';
import { json, number, type Row, type Statements, text } from './statements.ts';

const entry = (row: Row) => ({
  key: text(row, 'key'),
  value: json(row, 'value'),
  revision: number(row, 'revision'),
});

export function keyValueTable(sql: Statements): Sync<KeyValueTable> {
  const nextRevision = (bucket: string): number => {
    const row = sql.one(
      `INSERT INTO revisions (bucket, revision) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET revision = revision + 1 RETURNING revision`,
      bucket,
    );
    return Number(row?.['revision']);
  };
  const get = (bucket: string, key: string) => {
    const row = sql.one(
      'SELECT key, value, revision FROM keyvalue WHERE bucket = ? AND key = ?',
      bucket,
      key,
    );
    return row && entry(row);
  };
  const put = (bucket: string, key: string, value: unknown): number => {
    const revision = nextRevision(bucket);
    sql.run(
      'INSERT OR REPLACE INTO keyvalue (bucket, key, value, revision) VALUES (?, ?, ?, ?)',
      bucket,
      key,
      JSON.stringify(value),
      revision,
    );
    return revision;
  };
  return {
    get,
    list: (bucket, prefix) =>
      sql
        .all(
          `SELECT key, value, revision FROM keyvalue
           WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key`,
          bucket,
          prefix,
        )
        .map(entry),
    create: (bucket, key, value) =>
      sql.transaction(() => (get(bucket, key) === undefined ? put(bucket, key, value) : undefined)),
    update: (bucket, key, value, revision) =>
      sql.transaction(() => (get(bucket, key)?.revision === revision ? put(bucket, key, value) : undefined)),
    put: (bucket, key, value) => sql.transaction(() => put(bucket, key, value)),
    delete: (bucket, key, revision) =>
      sql.transaction(() => {
        const found = get(bucket, key);
        if (found === undefined || (revision !== undefined && found.revision !== revision)) return undefined;
        sql.run('DELETE FROM keyvalue WHERE bucket = ? AND key = ?', bucket, key);
        return nextRevision(bucket);
      }),
  };
}

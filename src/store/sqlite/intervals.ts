import type { IntervalRepository } from '../types.ts';
import type { Sync } from './protocol.ts';
import { json, type Statements, Where } from './statements.ts';

interface Interval {
  readonly id: string;
  readonly camera: string;
  readonly from: number;
  readonly to: number | null;
}

export const intervals = <T extends Interval>(
  sql: Statements,
  table: 'outages' | 'wanted',
): Sync<IntervalRepository<T>> => ({
  save: (record) => {
    sql.run(
      `INSERT INTO ${table} (id, camera, start, end, document) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET camera = excluded.camera, start = excluded.start, end = excluded.end,
         document = excluded.document
       WHERE ${table}.end IS NULL OR excluded.end IS NOT NULL`,
      record.id,
      record.camera,
      record.from,
      record.to,
      JSON.stringify(record),
    );
  },
  find: (query) => {
    const conditions = new Where();
    if (query.camera !== undefined) conditions.and('camera = ?', query.camera);
    if (query.from !== undefined) conditions.and('(end IS NULL OR end > ?)', query.from);
    if (query.to !== undefined) conditions.and('start < ?', query.to);
    if (query.open === true) conditions.and('end IS NULL');
    if (query.open === false) conditions.and('end IS NOT NULL');
    return sql
      .all(`SELECT document FROM ${table}${String(conditions)} ORDER BY start, id`, ...conditions.values)
      .map((row) => json(row, 'document') as T);
  },
  removeBefore: (time, camera) => {
    const conditions = new Where().and('end < ?', time);
    if (camera !== undefined) conditions.and('camera = ?', camera);
    return sql.run(`DELETE FROM ${table}${String(conditions)}`, ...conditions.values);
  },
});

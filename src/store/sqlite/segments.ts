import type { SegmentQuery, SegmentRecord, SegmentRepository } from '../types.ts';
import type { Sync } from './protocol.ts';
import { number, type Row, type Statements, text, Where } from './statements.ts';

const INSERT = `INSERT INTO segments
  (id, camera, stream, replica, epoch, node, volume, path, start, end, bytes, closed, codecs)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const NEVER_BACKWARD = `${INSERT} ON CONFLICT DO UPDATE SET
  end = max(end, excluded.end), bytes = max(bytes, excluded.bytes), closed = max(closed, excluded.closed)
  WHERE closed = 0 OR excluded.closed = 1`;
const REPLACE = INSERT.replace('INSERT', 'INSERT OR REPLACE');

const valuesOf = (segment: SegmentRecord) =>
  [
    segment.id,
    segment.camera,
    segment.stream,
    segment.replica,
    segment.epoch,
    segment.node,
    segment.volume,
    segment.path,
    segment.from,
    segment.to,
    segment.bytes,
    segment.closed ? 1 : 0,
    segment.codecs,
  ] as const;

const fromRow = (row: Row): SegmentRecord => ({
  id: text(row, 'id'),
  camera: text(row, 'camera'),
  stream: text(row, 'stream'),
  replica: number(row, 'replica'),
  epoch: number(row, 'epoch'),
  node: text(row, 'node'),
  volume: text(row, 'volume'),
  path: text(row, 'path'),
  from: number(row, 'start'),
  to: number(row, 'end'),
  bytes: number(row, 'bytes'),
  closed: number(row, 'closed') === 1,
  codecs: text(row, 'codecs'),
});

function where(query: SegmentQuery): Where {
  const conditions = new Where();
  if (query.camera !== undefined) conditions.and('camera = ?', query.camera);
  if (query.stream !== undefined) conditions.and('stream = ?', query.stream);
  if (query.volume !== undefined) conditions.and('volume = ?', query.volume);
  if (query.node !== undefined) conditions.and('node = ?', query.node);
  if (query.closed !== undefined) conditions.and(query.closed ? 'closed = 1' : 'closed = 0');
  if (query.from !== undefined) conditions.and('end > ?', query.from);
  if (query.to !== undefined) conditions.and('start < ?', query.to);
  return conditions;
}

export const segments = (sql: Statements): Sync<SegmentRepository> => ({
  save: (segment) => {
    sql.run(NEVER_BACKWARD, ...valuesOf(segment));
  },
  replace: (segment) => {
    sql.run(REPLACE, ...valuesOf(segment));
  },
  get: (id) => {
    const row = sql.one('SELECT * FROM segments WHERE id = ?', id);
    return row && fromRow(row);
  },
  find: (query) => {
    const conditions = where(query);
    return sql
      .all(
        `SELECT * FROM segments${String(conditions)} ORDER BY start, id LIMIT ?`,
        ...conditions.values,
        query.limit ?? -1,
      )
      .map(fromRow);
  },
  remove: (ids) => {
    sql.run('DELETE FROM segments WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  },
  oldest: (volume, limit) =>
    sql
      .all('SELECT * FROM segments WHERE volume = ? AND closed = 1 ORDER BY start, id LIMIT ?', volume, limit)
      .map(fromRow),
  usage: () =>
    sql
      .all(
        `SELECT volume, camera, sum(bytes) AS bytes, count(*) AS segments, min(start) AS start, max(end) AS end
         FROM segments GROUP BY volume, camera ORDER BY volume, camera`,
      )
      .map((row) => ({
        volume: text(row, 'volume'),
        camera: text(row, 'camera'),
        bytes: number(row, 'bytes'),
        segments: number(row, 'segments'),
        from: number(row, 'start'),
        to: number(row, 'end'),
      })),
});

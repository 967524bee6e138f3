import type { EventRecord } from '../../contracts/entities.ts';
import { foldText } from '../fold.ts';
import type { EventQuery, EventRepository } from '../types.ts';
import type { Sync } from './protocol.ts';
import { json, type Row, type Statements, Where } from './statements.ts';

/** What a person said about an event; laid over what the analysis says. */
interface Edits {
  readonly reviewed?: boolean;
  readonly sublabel?: string | null;
}

const SUBLABEL = `iif(json_type(edits, '$.sublabel') IS NULL, document, edits) ->> '$.sublabel'`;

const fromRow = (row: Row): EventRecord => ({
  ...(json(row, 'document') as EventRecord),
  ...(json(row, 'edits') as Edits),
});

function where(query: EventQuery): Where {
  const conditions = new Where();
  if (query.cameras !== undefined) conditions.in('camera', query.cameras);
  if (query.labels !== undefined) conditions.in('label', query.labels);
  if (query.sublabels !== undefined) conditions.in(SUBLABEL, query.sublabels);
  if (query.zones !== undefined) {
    conditions.and(
      `EXISTS (SELECT 1 FROM json_each(document, '$.zones') AS zone
         WHERE zone.value IN (SELECT value FROM json_each(?)))`,
      JSON.stringify(query.zones),
    );
  }
  if (query.text !== undefined) {
    const part = foldText(query.text);
    conditions.and(
      `(instr(fold(label), ?) OR instr(fold(${SUBLABEL}), ?)
        OR EXISTS (SELECT 1 FROM json_tree(document, '$.attributes') AS leaf
          WHERE leaf.type IN ('text', 'integer', 'real') AND instr(fold(leaf.atom), ?)))`,
      part,
      part,
      part,
    );
  }
  if (query.from !== undefined) conditions.and('(end IS NULL OR end > ?)', query.from);
  if (query.to !== undefined) conditions.and('start < ?', query.to);
  if (query.minScore !== undefined) conditions.and('score >= ?', query.minScore);
  if (query.before !== undefined) conditions.and('(start, id) < (?, ?)', query.before.start, query.before.id);
  return conditions;
}

export const events = (sql: Statements): Sync<EventRepository> => ({
  save: (event) => {
    sql.run(
      `INSERT INTO events (id, camera, label, start, end, score, document) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET camera = excluded.camera, label = excluded.label, start = excluded.start,
         end = excluded.end, score = excluded.score, document = excluded.document
       WHERE events.end IS NULL OR excluded.end IS NOT NULL`,
      event.id,
      event.camera,
      event.label,
      Date.parse(event.start),
      event.end === null ? null : Date.parse(event.end),
      event.score,
      JSON.stringify(event),
    );
  },
  get: (id) => {
    const row = sql.one('SELECT document, edits FROM events WHERE id = ?', id);
    return row && fromRow(row);
  },
  find: (query) => {
    const conditions = where(query);
    return sql
      .all(
        `SELECT document, edits FROM events${String(conditions)} ORDER BY start DESC, id DESC LIMIT ?`,
        ...conditions.values,
        query.limit,
      )
      .map(fromRow);
  },
  edit: (id, change) => {
    const row = sql.one('SELECT document, edits FROM events WHERE id = ?', id);
    if (row === undefined) return undefined;
    const edits = { ...(json(row, 'edits') as Edits), ...change };
    sql.run('UPDATE events SET edits = ? WHERE id = ?', JSON.stringify(edits), id);
    return { ...(json(row, 'document') as EventRecord), ...edits };
  },
  removeBefore: (time, camera, limit) => {
    const conditions = new Where().and('end IS NOT NULL').and('start < ?', time);
    if (camera !== undefined) conditions.and('camera = ?', camera);
    const rows = sql.all(
      `SELECT document, edits FROM events${String(conditions)} ORDER BY start, id LIMIT ?`,
      ...conditions.values,
      limit,
    );
    const removed = rows.map(fromRow);
    sql.run(
      'DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(removed.map((event) => event.id)),
    );
    return removed;
  },
});

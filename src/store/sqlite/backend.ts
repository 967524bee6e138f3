import { DatabaseSync } from 'node:sqlite';
import { foldText } from '../fold.ts';
import type { JournalEntry, OutageRecord, WantedRecord } from '../types.ts';
import { cameras, nodes, settings, users, volumes } from './documents.ts';
import { events } from './events.ts';
import { intervals } from './intervals.ts';
import { jobTable } from './jobs.ts';
import { keyValueTable } from './keyvalue.ts';
import { migrate } from './migrations.ts';
import type { Backend } from './protocol.ts';
import { segments } from './segments.ts';
import { audit, sessions } from './sessions.ts';
import { number, Statements } from './statements.ts';

/**
 * The whole store on one SQLite file, synchronous: for the worker thread.
 * @throws Error when the file cannot be opened or is from a newer version.
 */
export function openBackend(path: string): Backend {
  const database = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
    database.function('fold', { deterministic: true }, (value) =>
      value === null ? null : foldText(String(value)),
    );
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  const sql = new Statements(database);
  const tables = {
    cameras: cameras(sql),
    users: users(sql),
    sessions: sessions(sql),
    segments: segments(sql),
    outages: intervals<OutageRecord>(sql, 'outages'),
    wanted: intervals<WantedRecord>(sql, 'wanted'),
    events: events(sql),
    volumes: volumes(sql),
    audit: audit(sql),
    settings: settings(sql),
    nodes: nodes(sql),
    keyValue: keyValueTable(sql),
    jobs: jobTable(sql),
  };
  return {
    ...tables,
    journal: journal(sql, tables),
    close: () => {
      database.close();
    },
  };
}

function journal(sql: Statements, tables: Omit<Backend, 'journal' | 'close'>): Backend['journal'] {
  const cursor = (node: string): number => {
    const row = sql.one('SELECT position FROM cursors WHERE node = ?', node);
    return row === undefined ? 0 : number(row, 'position');
  };
  return {
    cursor,
    apply: (node, upTo, entries) => {
      sql.transaction(() => {
        if (upTo <= cursor(node)) return;
        for (const entry of entries) applyEntry(tables, entry);
        sql.run('INSERT OR REPLACE INTO cursors (node, position) VALUES (?, ?)', node, upTo);
      });
    },
  };
}

function applyEntry(tables: Omit<Backend, 'journal' | 'close'>, entry: JournalEntry): void {
  switch (entry.kind) {
    case 'segment':
      tables.segments.save(entry.segment);
      break;
    case 'event':
      tables.events.save(entry.event);
      break;
    case 'outage':
      tables.outages.save(entry.outage);
      break;
    case 'wanted':
      tables.wanted.save(entry.wanted);
      break;
    case 'audit':
      tables.audit.add(entry.audit);
      break;
  }
}

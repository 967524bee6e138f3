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
import type { Sync } from './protocol.ts';
import { json, type Statements } from './statements.ts';

interface Versioned {
  readonly version: number;
}

/** Tables of JSON documents with a version that compare-and-set checks. */
function versioned<T extends Versioned>(
  sql: Statements,
  table: string,
  key: string,
  keyOf: (record: T) => string,
) {
  return {
    list: () =>
      sql.all(`SELECT document FROM ${table} ORDER BY ${key}`).map((row) => json(row, 'document') as T),
    get: (id: string) => {
      const row = sql.one(`SELECT document FROM ${table} WHERE ${key} = ?`, id);
      return row && (json(row, 'document') as T);
    },
    insert: (record: T) =>
      sql.run(
        `INSERT INTO ${table} (${key}, version, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
        keyOf(record),
        record.version,
        JSON.stringify(record),
      ) === 1,
    update: (record: T, expected: number) =>
      sql.run(
        `UPDATE ${table} SET version = ?, document = ? WHERE ${key} = ? AND version = ?`,
        record.version,
        JSON.stringify(record),
        keyOf(record),
        expected,
      ) === 1,
    remove: (id: string) => sql.run(`DELETE FROM ${table} WHERE ${key} = ?`, id) === 1,
  };
}

/** Tables of JSON documents that are simply written over. */
function plain<T extends { readonly id: string }>(sql: Statements, table: string) {
  return {
    list: () => sql.all(`SELECT document FROM ${table} ORDER BY id`).map((row) => json(row, 'document') as T),
    get: (id: string) => {
      const row = sql.one(`SELECT document FROM ${table} WHERE id = ?`, id);
      return row && (json(row, 'document') as T);
    },
    save: (record: T) => {
      sql.run(
        `INSERT INTO ${table} (id, document) VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document`,
        record.id,
        JSON.stringify(record),
      );
    },
    remove: (id: string) => sql.run(`DELETE FROM ${table} WHERE id = ?`, id) === 1,
  };
}

export const cameras = (sql: Statements): Sync<CameraRepository> =>
  versioned<CameraRecord>(sql, 'cameras', 'id', (record) => record.id);

export const users = (sql: Statements): Sync<UserRepository> =>
  versioned<UserRecord>(sql, 'users', 'name', (record) => record.name);

export const volumes = (sql: Statements): Sync<VolumeRepository> => plain<VolumeRecord>(sql, 'volumes');

export const nodes = (sql: Statements): Sync<NodeRepository> => plain<NodeRecord>(sql, 'nodes');

export const settings = (sql: Statements): Sync<SettingsRepository> => ({
  get: (key) => {
    const row = sql.one('SELECT value FROM settings WHERE key = ?', key);
    return row && json(row, 'value');
  },
  set: (key, value) => {
    sql.run(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      key,
      JSON.stringify(value),
    );
  },
  setIfAbsent: (key, value) =>
    sql.run(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
      key,
      JSON.stringify(value),
    ) === 1,
  remove: (key) => sql.run('DELETE FROM settings WHERE key = ?', key) === 1,
});

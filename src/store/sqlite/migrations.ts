import type { DatabaseSync } from 'node:sqlite';

/** Each brings the schema from the version that is its index to the next. Never change one that was released: add. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE cameras (id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE users (
    name TEXT PRIMARY KEY COLLATE NOCASE, version INTEGER NOT NULL, document TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL,
    address TEXT, agent TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_user ON sessions (user);
  CREATE INDEX sessions_expiry ON sessions (expiresAt);
  CREATE TABLE segments (
    id TEXT PRIMARY KEY, camera TEXT NOT NULL, stream TEXT NOT NULL, replica INTEGER NOT NULL, epoch INTEGER NOT NULL,
    node TEXT NOT NULL, volume TEXT NOT NULL, path TEXT NOT NULL, start REAL NOT NULL, end REAL NOT NULL,
    bytes INTEGER NOT NULL, closed INTEGER NOT NULL, codecs TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX segments_camera ON segments (camera, start);
  CREATE INDEX segments_volume ON segments (volume, start);
  CREATE INDEX segments_open ON segments (node) WHERE closed = 0;
  CREATE TABLE outages (
    id TEXT PRIMARY KEY, camera TEXT NOT NULL, start REAL NOT NULL, end REAL, document TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outages_camera ON outages (camera, start);
  CREATE TABLE wanted (
    id TEXT PRIMARY KEY, camera TEXT NOT NULL, start REAL NOT NULL, end REAL, document TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX wanted_camera ON wanted (camera, start);
  CREATE TABLE events (
    id TEXT PRIMARY KEY, camera TEXT NOT NULL, label TEXT NOT NULL, start REAL NOT NULL, end REAL, score REAL NOT NULL,
    document TEXT NOT NULL, edits TEXT NOT NULL DEFAULT '{}'
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_start ON events (start, id);
  CREATE INDEX events_camera ON events (camera, start, id);
  CREATE TABLE volumes (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    id TEXT PRIMARY KEY, time INTEGER NOT NULL, document TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX audit_time ON audit (time, id);
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE nodes (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE cursors (node TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE keyvalue (
    bucket TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (bucket, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revisions (bucket TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE jobs (
    kind TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, data TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0, stalls INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL,
    backoffMs INTEGER NOT NULL, runAt INTEGER NOT NULL, token TEXT, lockedUntil INTEGER, result TEXT NOT NULL DEFAULT
    'null', error TEXT, createdAt INTEGER NOT NULL, startedAt INTEGER, finishedAt INTEGER, PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX jobs_next ON jobs (kind, state, runAt);
  `,
];

/**
 * Brings the schema up to date, each step in a transaction of its own.
 * @throws Error when the file was written by a newer version of the program.
 */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new Error(
      `the catalog has schema ${String(version)}, this version knows ${String(migrations.length)}: start the newer version`,
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${String(index + 1)}`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

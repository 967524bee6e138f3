import type { AuditRecord, AuditRepository, SessionRepository } from '../types.ts';
import type { Sync } from './protocol.ts';
import { json, number, type Statements, text, textOrNull } from './statements.ts';

export const sessions = (sql: Statements): Sync<SessionRepository> => ({
  insert: (record) => {
    sql.run(
      'INSERT INTO sessions (id, user, createdAt, expiresAt, address, agent) VALUES (?, ?, ?, ?, ?, ?)',
      record.id,
      record.user,
      record.createdAt,
      record.expiresAt,
      record.address,
      record.agent,
    );
  },
  get: (id, now) => {
    const row = sql.one('SELECT * FROM sessions WHERE id = ? AND expiresAt > ?', id, now);
    return (
      row && {
        id: text(row, 'id'),
        user: text(row, 'user'),
        createdAt: number(row, 'createdAt'),
        expiresAt: number(row, 'expiresAt'),
        address: textOrNull(row, 'address'),
        agent: textOrNull(row, 'agent'),
      }
    );
  },
  remove: (id) => sql.run('DELETE FROM sessions WHERE id = ?', id) === 1,
  removeOfUser: (user, except) =>
    sql.run('DELETE FROM sessions WHERE user = ? AND id <> ?', user, except ?? ''),
  removeExpired: (now) => sql.run('DELETE FROM sessions WHERE expiresAt <= ?', now),
});

export const audit = (sql: Statements): Sync<AuditRepository> => ({
  add: (record) => {
    sql.run(
      'INSERT INTO audit (id, time, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      record.id,
      record.time,
      JSON.stringify(record),
    );
  },
  list: (limit, before) => {
    const rows =
      before === undefined
        ? sql.all('SELECT document FROM audit ORDER BY id DESC LIMIT ?', limit)
        : sql.all('SELECT document FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit);
    return rows.map((row) => json(row, 'document') as AuditRecord);
  },
  removeBefore: (time) => sql.run('DELETE FROM audit WHERE time < ?', time),
});

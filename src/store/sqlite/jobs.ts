import type { JobEnd, JobRow, JobTable } from '../../jobs/embedded/table.ts';
import type { Sync } from './protocol.ts';
import { json, number, type Row, type Statements, text, textOrNull } from './statements.ts';

const FINISHED = `state IN ('done', 'failed', 'cancelled')`;

const numberOrNull = (row: Row, column: string): number | null =>
  row[column] === null ? null : number(row, column);

const jobOf = (row: Row): JobRow => ({
  kind: text(row, 'kind'),
  id: text(row, 'id'),
  state: text(row, 'state') as JobRow['state'],
  data: json(row, 'data'),
  progress: number(row, 'progress'),
  failures: number(row, 'failures'),
  stalls: number(row, 'stalls'),
  attempts: number(row, 'attempts'),
  backoffMs: number(row, 'backoffMs'),
  runAt: number(row, 'runAt'),
  result: json(row, 'result'),
  error: textOrNull(row, 'error'),
  createdAt: number(row, 'createdAt'),
  startedAt: numberOrNull(row, 'startedAt'),
  finishedAt: numberOrNull(row, 'finishedAt'),
});

/** The table of the embedded job queue. */
export function jobTable(sql: Statements): Sync<JobTable> {
  const get: Sync<JobTable>['get'] = (kind, id) => {
    const row = sql.one('SELECT * FROM jobs WHERE kind = ? AND id = ?', kind, id);
    return row && jobOf(row);
  };
  return {
    get,
    insert: (job) =>
      sql.transaction(() => {
        sql.run(
          `INSERT INTO jobs (kind, id, state, data, attempts, backoffMs, runAt, createdAt)
           VALUES (?, ?, 'waiting', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          job.kind,
          job.id,
          JSON.stringify(job.data),
          job.attempts,
          job.backoffMs,
          job.runAt,
          job.createdAt,
        );
        const kept = get(job.kind, job.id);
        if (kept === undefined) throw new Error('the job was not written');
        return kept;
      }),
    list: (kind, states, limit) =>
      sql
        .all(
          `SELECT * FROM jobs WHERE kind = ? AND state IN (SELECT value FROM json_each(?))
           ORDER BY createdAt DESC, id DESC LIMIT ?`,
          kind,
          JSON.stringify(states),
          limit,
        )
        .map(jobOf),
    take: (kind, { token, now, lockMs }, maxStalls) =>
      sql.transaction(() => {
        recoverStalled(sql, kind, now, maxStalls);
        const row = sql.one(
          `UPDATE jobs SET state = 'running', token = ?, lockedUntil = ?, startedAt = ?, progress = 0
           WHERE (kind, id) IN (
             SELECT kind, id FROM jobs WHERE kind = ? AND state = 'waiting' AND runAt <= ?
             ORDER BY runAt, createdAt, id LIMIT 1
           ) RETURNING *`,
          token,
          now + lockMs,
          now,
          kind,
          now,
        );
        return row && jobOf(row);
      }),
    renew: (kind, id, { token, now, lockMs }) =>
      sql.run(
        `UPDATE jobs SET lockedUntil = ? WHERE kind = ? AND id = ? AND token = ? AND state = 'running'`,
        now + lockMs,
        kind,
        id,
        token,
      ) === 1,
    progress: (kind, id, token, share) =>
      sql.run(
        `UPDATE jobs SET progress = ? WHERE kind = ? AND id = ? AND token = ? AND state = 'running'`,
        share,
        kind,
        id,
        token,
      ) === 1,
    finish: (kind, id, token, end, now) => finish(sql, { kind, id, token }, end, now),
    cancel: (kind, id, now) =>
      sql.transaction(() => {
        sql.run(
          `UPDATE jobs SET state = 'cancelled', token = NULL, finishedAt = ?
           WHERE kind = ? AND id = ? AND state IN ('waiting', 'running')`,
          now,
          kind,
          id,
        );
        return get(kind, id);
      }),
    remove: (kind, id) =>
      sql.run(`DELETE FROM jobs WHERE kind = ? AND id = ? AND ${FINISHED}`, kind, id) === 1,
    trim: (kind, count, before) =>
      sql.run(
        `DELETE FROM jobs WHERE kind = ?1 AND ${FINISHED} AND (finishedAt < ?2 OR id IN (
           SELECT id FROM (
             SELECT id, row_number() OVER (PARTITION BY state ORDER BY finishedAt DESC, id DESC) AS place
             FROM jobs WHERE kind = ?1 AND ${FINISHED}
           ) WHERE place > ?3
         ))`,
        kind,
        before,
        count,
      ),
  };
}

function recoverStalled(sql: Statements, kind: string, now: number, maxStalls: number): void {
  const stalled = `kind = ? AND state = 'running' AND lockedUntil < ?`;
  sql.run(
    `UPDATE jobs SET state = 'failed', token = NULL, finishedAt = ?, stalls = stalls + 1,
       error = 'its worker ended again and again while it ran'
     WHERE ${stalled} AND stalls >= ?`,
    now,
    kind,
    now,
    maxStalls,
  );
  sql.run(
    `UPDATE jobs SET state = 'waiting', token = NULL, runAt = ?, stalls = stalls + 1 WHERE ${stalled}`,
    now,
    kind,
    now,
  );
}

function finish(
  sql: Statements,
  { kind, id, token }: { kind: string; id: string; token: string },
  end: JobEnd,
  now: number,
): boolean {
  const held = `kind = ? AND id = ? AND token = ? AND state = 'running'`;
  switch (end.state) {
    case 'done':
      return (
        sql.run(
          `UPDATE jobs SET state = 'done', progress = 1, token = NULL, finishedAt = ?, error = NULL, result = ? WHERE ${held}`,
          now,
          JSON.stringify(end.result ?? null),
          kind,
          id,
          token,
        ) === 1
      );
    case 'failed':
      return (
        sql.run(
          `UPDATE jobs SET state = 'failed', token = NULL, finishedAt = ?, failures = failures + 1, error = ? WHERE ${held}`,
          now,
          end.error,
          kind,
          id,
          token,
        ) === 1
      );
    case 'waiting':
      return (
        sql.run(
          `UPDATE jobs SET state = 'waiting', token = NULL, failures = failures + 1, error = ?, runAt = ? WHERE ${held}`,
          end.error,
          end.runAt,
          kind,
          id,
          token,
        ) === 1
      );
    case 'released':
      return (
        sql.run(
          `UPDATE jobs SET state = 'waiting', token = NULL, runAt = ? WHERE ${held}`,
          now,
          kind,
          id,
          token,
        ) === 1
      );
  }
}

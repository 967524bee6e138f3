import { randomBytes } from 'node:crypto';
import { accounts } from '../../contracts/accounts.ts';
import { type RestAction, takesBody } from '../../contracts/openapi.ts';
import type { AuditRecord } from '../../store/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Whether somebody will want to know who did it: changes, logins, and recordings that leave the system. */
export function isAudited({ method, definition }: RestAction, params: Fields): boolean {
  if (definition.raw !== undefined) return params['download'] !== undefined;
  return takesBody(method) || method === 'DELETE';
}

/** What was changed: what the path names, else the id or name of what was made, else the user who tried to log in. */
export function targetOf(
  { definition, pathParams }: RestAction,
  params: Fields,
  result: unknown,
): string | null {
  if (definition === accounts.actions.login) return textOf(params['username']);
  if (pathParams.length > 0) return pathParams.map((name) => textOf(params[name]) ?? '').join('/');
  const made = (typeof result === 'object' && result !== null ? result : {}) as Fields;
  return textOf(made['id'] ?? made['name'] ?? params['id'] ?? params['name'] ?? params['camera']);
}

const MAX_TEXT = 200;

const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value.slice(0, MAX_TEXT) : null;

/** Its id sorts by time. */
export function auditRecord(fields: Omit<AuditRecord, 'id' | 'time'>, now: number): AuditRecord {
  const id = `${now.toString(36).padStart(9, '0')}-${randomBytes(8).toString('hex')}`;
  return { id, time: now, ...fields };
}

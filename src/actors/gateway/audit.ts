import { randomBytes } from 'node:crypto';
import { accounts } from '../../contracts/accounts.ts';
import { errorCode } from '../../contracts/errors.ts';
import { type RestAction, takesBody } from '../../contracts/openapi.ts';
import type { Logger } from '../../mixins/health.ts';
import type { AuditRecord, Journal } from '../../store/types.ts';
import type { Login } from './access.ts';
import { Attempts } from './attempts.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Whether somebody will want to know who did it: changes, logins, and recordings that leave the system. */
export function isAudited({ method, definition }: RestAction, params: Fields): boolean {
  if (definition.raw !== undefined) return definition.access === 'export' || params['download'] !== undefined;
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

export interface Asked {
  readonly action: RestAction;
  readonly login: Login | undefined;
  /** As far as they are known. */
  readonly params: Fields;
  readonly address: string;
}

/** Failures of one user in a minute that are kept; more of them say nothing new and would fill the disk. */
const FAILURES_KEPT = 60;

/** Puts who did what into the journal. Never holds up an answer, never fails. */
export class AuditTrail {
  readonly #journal: Pick<Journal, 'append'>;
  readonly #log: Logger;
  readonly #failures = new Attempts();

  constructor(journal: Pick<Journal, 'append'>, log: Logger) {
    this.#journal = journal;
    this.#log = log;
  }

  done(asked: Asked, result: unknown): void {
    if (isAudited(asked.action, asked.params))
      this.#add(asked, true, targetOf(asked.action, asked.params, result));
  }

  /** Of those without a login only wrong passwords count. */
  failed(asked: Asked, error: unknown): void {
    const { action, login, params } = asked;
    const code = errorCode(error);
    if (!isAudited(action, params) || code === 'too_many_requests') return;
    if (!login && code !== 'login_failed') return;
    if (login && this.#failures.take(login.caller.user, FAILURES_KEPT, performance.now()) > 0) return;
    this.#add(asked, false, targetOf(action, params, undefined));
  }

  #add({ action, login, address }: Asked, ok: boolean, target: string | null): void {
    const isLogin = action.definition === accounts.actions.login;
    const user = isLogin ? (target ?? '') : (login?.caller.user ?? '');
    const record = auditRecord(
      { user, action: `${action.contract.name}.${action.name}`, target, address, ok },
      Date.now(),
    );
    this.#journal.append({ kind: 'audit', audit: record }).catch((err: unknown) => {
      this.#log.error({ err, action: record.action }, 'an audit record could not be written');
    });
  }
}

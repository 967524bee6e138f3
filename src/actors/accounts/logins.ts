import { randomUUID } from 'node:crypto';
import type { accounts } from '../../contracts/accounts.ts';
import type { CallMeta, ParamsOf, ResultOf } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { type Caller, ROLE_RIGHTS } from '../../contracts/rights.ts';
import type { Tokens } from '../../store/tokens.ts';
import type { Store, UserRecord } from '../../store/types.ts';
import { type Authenticated, LoginCache } from './login-cache.ts';
import { refuseWeak } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

type Actions = typeof accounts.actions;

export interface LoginParts {
  readonly store: Pick<Store, 'users' | 'sessions'>;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly sessionMs: number;
}

const NOBODY: Authenticated = { caller: null, session: null };
const MAX_AGENT = 200;

export const callerOf = ({ name, role, cameras }: UserRecord): Caller => ({
  user: name,
  role,
  rights: ROLE_RIGHTS[role],
  cameras,
});

/** A caller as `GET /session` shows it. */
export const sessionUser = ({ user, role, rights, cameras }: Caller) => ({
  name: user,
  role,
  rights: rights.slice(),
  cameras: cameras === '*' ? cameras : cameras.slice(),
});

/** Logins: each is a session in the store and a token that names it. */
export class Logins {
  readonly #parts: LoginParts;
  readonly #cache = new LoginCache();

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /** @throws SightmeshError `login_failed`, the same for an unknown user, a wrong password and a disabled user */
  async login(
    { username, password }: ParamsOf<Actions['login']>,
    { address, agent }: CallMeta,
  ): Promise<ResultOf<Actions['login']>> {
    const user = await this.#check(username, password);
    const now = Date.now();
    const session = {
      id: randomUUID(),
      user: user.name,
      createdAt: now,
      expiresAt: now + this.#parts.sessionMs,
      address: address ?? null,
      agent: agent?.slice(0, MAX_AGENT) ?? null,
    };
    await this.#parts.store.sessions.insert(session);
    await this.#refuseChanged(user, session.id);
    const token = await this.#parts.tokens.sign({ session: session.id, user: user.name }, session.expiresAt);
    const expires = new Date(session.expiresAt).toISOString();
    return { token, expires, user: sessionUser(callerOf(user)) };
  }

  async logout(session: string | undefined): Promise<void> {
    if (session !== undefined) await this.#parts.store.sessions.remove(session);
    this.forget();
  }

  /** @throws SightmeshError `unauthenticated`, `login_failed`, `conflict`, `bad_request` for a weak password */
  async changePassword(
    { current, password }: ParamsOf<Actions['changePassword']>,
    { caller, session }: CallMeta,
  ): Promise<void> {
    if (!caller) throw new SightmeshError('unauthenticated');
    const user = await this.#check(caller.user, current);
    refuseWeak(password, user.name);
    const passwordHash = await this.#parts.passwords.hash(password);
    const changed = { ...user, passwordHash, version: user.version + 1 };
    if (!(await this.#parts.store.users.update(changed, user.version))) throw new SightmeshError('conflict');
    await this.#parts.store.sessions.removeOfUser(user.name, session);
    this.forget();
  }

  authenticate(token: string): Promise<Authenticated> {
    return this.#cache.get(token, performance.now(), () => this.#look(token));
  }

  /** Looks at the store again for every token. */
  forget(): void {
    this.#cache.clear();
  }

  async #check(name: string, password: string): Promise<UserRecord> {
    const user = await this.#parts.store.users.get(name);
    const right = await this.#parts.passwords.verify(user?.passwordHash, password);
    if (!user || !right || user.disabled) throw new SightmeshError('login_failed');
    return user;
  }

  /** A change of the user ends the sessions that it finds: one that was made at the same moment ends here. */
  async #refuseChanged(user: UserRecord, session: string): Promise<void> {
    if ((await this.#parts.store.users.get(user.name))?.version === user.version) return;
    await this.#parts.store.sessions.remove(session);
    throw new SightmeshError('login_failed');
  }

  async #look(token: string): Promise<Authenticated> {
    const claims = await this.#parts.tokens.verify(token);
    if (!claims) return NOBODY;
    const session = await this.#parts.store.sessions.get(claims.session, Date.now());
    if (session?.user !== claims.user) return NOBODY;
    const user = await this.#parts.store.users.get(session.user);
    if (!user || user.disabled) return NOBODY;
    const { user: name, ...caller } = callerOf(user);
    return {
      caller: { user: name, ...caller, rights: caller.rights.slice(), cameras: user.cameras },
      session: session.id,
    };
  }
}

import type { accounts } from '../../contracts/accounts.ts';
import type { ParamsOf } from '../../contracts/define.ts';
import type { User } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { Mailbox } from '../../mixins/mailbox.ts';
import type { Store, UserRecord } from '../../store/types.ts';
import { refuseWeak } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

type Actions = typeof accounts.actions;

export interface UserParts {
  readonly store: Pick<Store, 'users' | 'sessions'>;
  readonly passwords: Passwords;
  /** Called when a user or the sessions of one changed. */
  readonly onChange: () => void;
}

/** A user as others see it. */
export const shown = ({ name, role, cameras, disabled, createdAt }: UserRecord): User => ({
  name,
  role,
  cameras,
  disabled,
  createdAt,
});

/** The users, changed one after the other, so that two changes cannot take away the last administrator together. */
export class Users {
  readonly #parts: UserParts;
  readonly #changes = new Mailbox();

  constructor(parts: UserParts) {
    this.#parts = parts;
  }

  async list(): Promise<User[]> {
    return (await this.#parts.store.users.list()).map(shown);
  }

  /** @throws SightmeshError `user_exists`, `bad_request` for a weak password */
  async create({ name, password, role, cameras }: ParamsOf<Actions['createUser']>): Promise<User> {
    refuseWeak(password, name);
    const record: UserRecord = {
      name,
      role,
      cameras,
      disabled: false,
      createdAt: new Date().toISOString(),
      passwordHash: await this.#parts.passwords.hash(password),
      version: 1,
    };
    if (!(await this.#parts.store.users.insert(record))) throw new SightmeshError('user_exists');
    return shown(record);
  }

  /**
   * `keep`: a session that a new password does not end, the caller's own.
   * @throws SightmeshError `user_not_found`, `last_admin`, `conflict`, `bad_request` for a weak password
   */
  async update(change: Readonly<ParamsOf<Actions['updateUser']>>, keep?: string): Promise<User> {
    const { password, name } = change;
    if (password !== undefined) refuseWeak(password, name);
    const passwordHash = password === undefined ? undefined : await this.#parts.passwords.hash(password);
    return this.#changes.run(async () => {
      const before = await this.#find(name);
      const after: UserRecord = {
        ...before,
        role: change.role ?? before.role,
        cameras: change.cameras ?? before.cameras,
        disabled: change.disabled ?? before.disabled,
        passwordHash: passwordHash ?? before.passwordHash,
        version: before.version + 1,
      };
      if (isAdmin(before) && !isAdmin(after)) await this.#refuseLastAdmin(before.name);
      await this.#save(after, before);
      const ends = after.disabled || after.role !== before.role;
      if (ends || passwordHash !== undefined)
        await this.#parts.store.sessions.removeOfUser(before.name, ends ? undefined : keep);
      this.#parts.onChange();
      return shown(after);
    });
  }

  /** @throws SightmeshError `user_not_found`, `last_admin` */
  remove(name: string): Promise<void> {
    return this.#changes.run(async () => {
      const user = await this.#find(name);
      if (isAdmin(user)) await this.#refuseLastAdmin(user.name);
      await this.#parts.store.users.remove(user.name);
      await this.#parts.store.sessions.removeOfUser(user.name);
      this.#parts.onChange();
    });
  }

  async #find(name: string): Promise<UserRecord> {
    const user = await this.#parts.store.users.get(name);
    if (!user) throw new SightmeshError('user_not_found');
    return user;
  }

  async #save(after: UserRecord, before: UserRecord): Promise<void> {
    if (await this.#parts.store.users.update(after, before.version)) return;
    throw new SightmeshError('conflict');
  }

  async #refuseLastAdmin(name: string): Promise<void> {
    const users = await this.#parts.store.users.list();
    if (!users.some((user) => user.name !== name && isAdmin(user))) throw new SightmeshError('last_admin');
  }
}

const isAdmin = ({ role, disabled }: UserRecord): boolean => role === 'admin' && !disabled;

import { randomInt } from 'node:crypto';
import type { Config } from '../../../config/schema.ts';
import type { Store, UserRecord } from '../../store/types.ts';
import { Passwords } from './passwords.ts';

export const FIRST_ADMIN = 'admin';

/** Without letters and digits that look alike. 20 of them hold 98 bits. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const LENGTH = 20;

export interface FirstAdminParts {
  readonly store: Pick<Store, 'users' | 'sessions'>;
  readonly config: Pick<Config, 'adminPassword'>;
}

/**
 * Makes sure that somebody can log in. A configured password counts for `admin` at every start: it makes the user, sets
 * the password when it differs, and makes the user an enabled administrator again. Without one, the first start makes
 * `admin` with a random password, which is returned to be shown once.
 */
export async function ensureAdmin({ store, config }: FirstAdminParts): Promise<{ password: string | null }> {
  const passwords = new Passwords();
  if (config.adminPassword !== null) {
    await setAdmin(store, passwords, config.adminPassword);
    return { password: null };
  }
  if ((await store.users.list()).length > 0) return { password: null };
  const password = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const made = await store.users.insert(adminRecord(await passwords.hash(password)));
  return { password: made ? password : null };
}

async function setAdmin(
  store: FirstAdminParts['store'],
  passwords: Passwords,
  password: string,
): Promise<void> {
  const user = await store.users.get(FIRST_ADMIN);
  if (!user) {
    await store.users.insert(adminRecord(await passwords.hash(password)));
    return;
  }
  const same = await passwords.verify(user.passwordHash, password);
  if (same && user.role === 'admin' && !user.disabled) return;
  const passwordHash = same ? user.passwordHash : await passwords.hash(password);
  const change = { role: 'admin', disabled: false, passwordHash, version: user.version + 1 } as const;
  await store.users.update({ ...user, ...change }, user.version);
  if (!same) await store.sessions.removeOfUser(user.name);
}

const adminRecord = (passwordHash: string): UserRecord => ({
  name: FIRST_ADMIN,
  role: 'admin',
  cameras: '*',
  disabled: false,
  createdAt: new Date().toISOString(),
  passwordHash,
  version: 1,
});

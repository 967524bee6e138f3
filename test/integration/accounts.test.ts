import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAccountsService } from '../../src/actors/accounts/accounts.service.ts';
import { ensureAdmin } from '../../src/actors/accounts/first-admin.ts';
import { accounts } from '../../src/contracts/accounts.ts';
import { type CallMeta, type Client, client } from '../../src/contracts/define.ts';
import { RIGHTS, ROLE_RIGHTS } from '../../src/contracts/rights.ts';
import { createSecrets } from '../../src/store/secrets.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/store.ts';
import { loggerInto } from '../support/gateway/start.ts';

const PASSWORD = 'correct horse battery';
let store: SqliteStore;
let broker: ServiceBroker;
let calls: Client<typeof accounts>;

function node(name: string): ServiceBroker {
  const made = new ServiceBroker({ nodeID: name, logger: false });
  const secrets = createSecrets('a secret for tests only');
  const config = { sessions: { hours: 1, loginsPerMinute: 10 } };
  made.createService(createAccountsService({ log: loggerInto([]), store, secrets, config }));
  return made;
}

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  await ensureAdmin({ store, config: { adminPassword: PASSWORD } });
  broker = node('n');
  await broker.start();
  calls = client(broker, accounts);
});
afterEach(async () => {
  await broker.stop();
  await store.close();
});

const code = (value: string) => expect.objectContaining({ type: value }) as Error;
const login = (username: string, password = PASSWORD) => calls.login({ username, password });
const as = (meta: CallMeta): Client<typeof accounts> =>
  client({ call: (action, params, options) => broker.call(action, params, { ...options, meta }) }, accounts);
async function metaOf(token: string): Promise<CallMeta> {
  const { caller, session } = await calls.authenticate({ token });
  if (!caller || session === null) throw new Error('nobody');
  return { caller, session };
}
const isIn = async (token: string) => (await calls.authenticate({ token })).caller !== null;

describe('the first administrator', () => {
  test('is made once, with a random password that works and is never shown again', async () => {
    const fresh = await openSqliteStore(':memory:');
    const { password } = await ensureAdmin({ store: fresh, config: { adminPassword: null } });
    expect(password).toMatch(/^[a-z2-9]{20}$/);
    expect(await ensureAdmin({ store: fresh, config: { adminPassword: null } })).toEqual({ password: null });
    const [user] = await fresh.users.list();
    expect(user).toMatchObject({ name: 'admin', role: 'admin', cameras: '*' });
    expect(user?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
    await fresh.close();
  });

  test('gets the configured password at every start, and with it the way back in', async () => {
    const { token } = await login('admin');
    await ensureAdmin({ store, config: { adminPassword: PASSWORD } });
    expect(await isIn(token)).toBe(true);
    const user = await store.users.get('admin');
    if (!user) throw new Error('no admin');
    await store.users.update(
      { ...user, role: 'viewer', disabled: true, version: user.version + 1 },
      user.version,
    );
    await ensureAdmin({ store, config: { adminPassword: 'another secret' } });
    await expect(login('admin')).rejects.toEqual(code('login_failed'));
    expect((await login('admin', 'another secret')).user).toMatchObject({ role: 'admin', rights: RIGHTS });
  });
});

describe('logins', () => {
  test('say the same, in about the same time, whether the user or the password is wrong', async () => {
    const errors: unknown[] = [];
    const times: number[] = [];
    for (const name of ['admin', 'nobody', 'admin', 'nobody']) {
      const from = performance.now();
      errors.push(await login(name, 'wrong').catch((error: unknown) => error));
      times.push(performance.now() - from);
    }
    expect(new Set(errors.map(String)).size).toBe(1);
    const [, unknown = 0, known = 0] = times;
    expect(unknown).toBeGreaterThan(known / 10);
  });

  test('many at once wait for their turn, too many are refused', async () => {
    const results = await Promise.allSettled(Array.from({ length: 150 }, () => login('admin', 'wrong')));
    const codes = results.map((result) =>
      result.status === 'rejected' ? (result.reason as { type: string }).type : 'ok',
    );
    expect(codes.filter((one) => one === 'too_many_requests').length).toBeGreaterThan(20);
    expect(codes.filter((one) => one === 'login_failed').length).toBeGreaterThan(50);
    expect(codes).not.toContain('ok');
  });

  test('end with logout, and only that one', async () => {
    const [first, second] = [await login('admin'), await login('admin')];
    await as(await metaOf(first.token)).logout({});
    expect(await isIn(first.token)).toBe(false);
    expect(await isIn(second.token)).toBe(true);
  });

  test('end on other nodes within two seconds', async () => {
    const other = node('m');
    await other.start();
    const { token } = await login('admin');
    const elsewhere = client(other, accounts);
    expect((await elsewhere.authenticate({ token })).caller).not.toBeNull();
    await as(await metaOf(token)).logout({});
    const from = performance.now();
    while ((await elsewhere.authenticate({ token })).caller !== null) {
      if (performance.now() - from > 10_000) throw new Error('still logged in elsewhere');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(performance.now() - from).toBeLessThan(4_000);
    await other.stop();
  });

  test('a new password ends the other sessions of the user', async () => {
    const [mine, other] = [await login('admin'), await login('admin')];
    const me = as(await metaOf(mine.token));
    await expect(me.changePassword({ current: 'wrong', password: 'a new long one' })).rejects.toEqual(
      code('login_failed'),
    );
    await expect(me.changePassword({ current: PASSWORD, password: 'password123' })).rejects.toEqual(
      code('bad_request'),
    );
    await me.changePassword({ current: PASSWORD, password: 'a new long one' });
    expect(await isIn(mine.token)).toBe(true);
    expect(await isIn(other.token)).toBe(false);
    await expect(login('admin')).rejects.toEqual(code('login_failed'));
    await login('admin', 'a new long one');
  });
});

describe('users', () => {
  const create = (name: string, role: 'admin' | 'viewer' = 'viewer') =>
    calls.createUser({ name, password: PASSWORD, role });

  test('are shown without what is secret', async () => {
    await create('ann');
    const { items } = await calls.listUsers({});
    expect(items.map(({ name }) => name)).toEqual(['admin', 'ann']);
    expect(JSON.stringify(items)).not.toContain('argon2');
    expect(await login('ann')).toMatchObject({
      user: { name: 'ann', role: 'viewer', rights: ROLE_RIGHTS.viewer, cameras: '*' },
    });
  });

  test('names that differ only in case are one', async () => {
    await create('ann');
    await expect(create('ANN')).rejects.toEqual(code('user_exists'));
    expect((await login('Ann')).user?.name).toBe('ann');
  });

  test.each([
    ['another role', { role: 'operator' } as const],
    ['another password', { password: 'something else' }],
    ['being disabled', { disabled: true }],
  ])('%s ends their sessions', async (_, change) => {
    await create('ann');
    const { token } = await login('ann');
    expect(await isIn(token)).toBe(true);
    await calls.updateUser({ name: 'ann', ...change });
    expect(await isIn(token)).toBe(false);
  });

  test('other cameras count at once and end nothing', async () => {
    await create('ann');
    const { token } = await login('ann');
    expect((await metaOf(token)).caller?.cameras).toBe('*');
    await calls.updateUser({ name: 'ann', cameras: ['yard'] });
    expect((await metaOf(token)).caller?.cameras).toEqual(['yard']);
  });

  test('that are disabled or gone cannot log in; one of the same name has nothing of the old', async () => {
    await create('ann');
    const { token } = await login('ann');
    await calls.updateUser({ name: 'ann', disabled: true });
    await expect(login('ann')).rejects.toEqual(code('login_failed'));
    await calls.deleteUser({ name: 'ann' });
    await expect(login('ann')).rejects.toEqual(code('login_failed'));
    await create('ann');
    expect(await isIn(token)).toBe(false);
  });

  test('the last administrator stays, also when two leave at once', async () => {
    await expect(calls.deleteUser({ name: 'admin' })).rejects.toEqual(code('last_admin'));
    await expect(calls.updateUser({ name: 'admin', role: 'viewer' })).rejects.toEqual(code('last_admin'));
    await expect(calls.updateUser({ name: 'admin', disabled: true })).rejects.toEqual(code('last_admin'));
    await create('second', 'admin');
    const results = await Promise.allSettled([
      calls.deleteUser({ name: 'admin' }),
      calls.updateUser({ name: 'second', role: 'viewer' }),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await store.users.list()).filter(({ role }) => role === 'admin')).toHaveLength(1);
  });

  test('that do not exist, and weak passwords, are refused', async () => {
    await expect(calls.updateUser({ name: 'ghost', role: 'admin' })).rejects.toEqual(code('user_not_found'));
    await expect(calls.deleteUser({ name: 'ghost' })).rejects.toEqual(code('user_not_found'));
    for (const password of ['12345678', 'aaaaaaaab', 'Ann-marie', 'short'])
      await expect(calls.createUser({ name: 'ann.marie', password })).rejects.toEqual(code('bad_request'));
  });
});

test('the audit trail comes in pages, newest first', async () => {
  for (let i = 1; i <= 5; i += 1)
    await store.audit.add({
      id: `a${i}`,
      time: Date.now(),
      user: 'u',
      action: 'x',
      target: null,
      address: null,
      ok: true,
    });
  const first = await calls.listAudit({ limit: 2 });
  expect(first.items.map(({ id }) => id)).toEqual(['a5', 'a4']);
  const second = await calls.listAudit({ limit: 3, cursor: first.next });
  expect(second.items.map(({ id }) => id)).toEqual(['a3', 'a2', 'a1']);
  expect(second.next).toBeUndefined();
});

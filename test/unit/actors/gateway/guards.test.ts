import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Login } from '../../../../src/actors/gateway/access.ts';
import { Attempts } from '../../../../src/actors/gateway/attempts.ts';
import { networkOf, PasswordGuard } from '../../../../src/actors/gateway/login-routes.ts';
import { CHECK_EVERY_MS, LoginWatch } from '../../../../src/actors/gateway/watch.ts';
import { SightmeshError } from '../../../../src/contracts/errors.ts';

const code = (value: string) => expect.objectContaining({ type: value }) as SightmeshError;

describe('attempts', () => {
  test('are limited in any minute', () => {
    const attempts = new Attempts(60_000);
    expect([0, 20_000, 40_000].map((now) => attempts.take('a', 3, now))).toEqual([0, 0, 0]);
    expect(attempts.take('a', 3, 50_000)).toBe(10_000);
    expect(attempts.take('b', 3, 50_000)).toBe(0);
    expect(attempts.take('a', 3, 60_001)).toBe(0);
    expect(attempts.take('a', 3, 60_002)).toBe(19_998);
  });

  test('that were right do not count', () => {
    const attempts = new Attempts();
    for (let i = 0; i < 10; i += 1) {
      expect(attempts.take('a', 1, i)).toBe(0);
      attempts.giveBack('a');
    }
  });
});

describe('the guard of passwords', () => {
  const wrong = () => Promise.reject(new SightmeshError('login_failed'));

  test('refuses an address after its failures, and others not', async () => {
    const guard = new PasswordGuard(3);
    for (let i = 0; i < 3; i += 1)
      await expect(guard.run('192.0.2.1', `u${i}`, wrong)).rejects.toEqual(code('login_failed'));
    await expect(guard.run('192.0.2.1', 'x', () => Promise.resolve(1))).rejects.toEqual(
      code('too_many_requests'),
    );
    await expect(guard.run('192.0.2.2', 'x', () => Promise.resolve(1))).resolves.toBe(1);
  });

  test('refuses a user name that is tried from many addresses', async () => {
    const guard = new PasswordGuard(1);
    for (let i = 0; i < 5; i += 1)
      await expect(guard.run(`192.0.2.${i}`, 'Ann', wrong)).rejects.toEqual(code('login_failed'));
    await expect(guard.run('192.0.2.9', 'ann', wrong)).rejects.toEqual(code('too_many_requests'));
  });

  test('lets nobody try many at once', async () => {
    const guard = new PasswordGuard(3);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => guard.run('192.0.2.1', 'ann', wrong)),
    );
    expect(
      results.filter(
        ({ status, ...rest }) => status === 'rejected' && JSON.stringify(rest).includes('login_failed'),
      ),
    ).toHaveLength(3);
  });

  test('does not count failures that are ours', async () => {
    const guard = new PasswordGuard(1);
    const broken = () => Promise.reject(new SightmeshError('unavailable'));
    for (let i = 0; i < 5; i += 1)
      await expect(guard.run('192.0.2.1', 'ann', broken)).rejects.toEqual(code('unavailable'));
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8::6', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
  ])('%s belongs to %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('the watch over logins', () => {
  afterEach(() => void vi.useRealTimers());
  const login = (session: string, cameras: '*' | string[] = '*'): Login => ({
    session,
    token: `token of ${session}`,
    caller: { user: 'u', role: 'viewer', rights: ['live'], cameras },
  });
  const item = (of: Login, allowed: (now: Login) => boolean = () => true) => ({
    login: of,
    allowed,
    end: vi.fn(),
  });

  test('ends what a login opened when it ends or covers it no more', async () => {
    vi.useFakeTimers();
    const logins = new Map([['token of a', login('a')]]);
    const watch = new LoginWatch(
      (token) => Promise.resolve(logins.get(token)),
      () => undefined,
    );
    const [stays, goes, narrowed] = [
      item(login('a')),
      item(login('b')),
      item(login('a'), ({ caller }) => caller.cameras === '*'),
    ];
    for (const one of [stays, goes, narrowed]) watch.add(one);
    await vi.advanceTimersByTimeAsync(CHECK_EVERY_MS);
    expect(goes.end).toHaveBeenCalledOnce();
    expect(narrowed.end).not.toHaveBeenCalled();
    logins.set('token of a', login('a', ['yard']));
    await watch.check();
    expect(narrowed.end).toHaveBeenCalledOnce();
    expect(stays.end).not.toHaveBeenCalled();
    expect(stays.login.caller.cameras).toEqual(['yard']);
    watch.close();
    expect(stays.end).toHaveBeenCalledOnce();
    expect(watch.size).toBe(0);
  });

  test('judges nobody when logins cannot be looked up', async () => {
    const onError = vi.fn();
    const watch = new LoginWatch(() => Promise.reject(new Error('away')), onError);
    const one = item(login('a'));
    watch.add(one);
    await watch.check();
    expect(one.end).not.toHaveBeenCalled();
    expect(onError).toHaveBeenCalledOnce();
    watch.close();
  });

  test('a login opens no more than it may, the oldest go', () => {
    const watch = new LoginWatch(
      () => Promise.resolve(undefined),
      () => undefined,
    );
    const items = Array.from({ length: 501 }, () => item(login('a')));
    for (const one of items) watch.add(one);
    expect(items[0]?.end).toHaveBeenCalledOnce();
    expect(watch.size).toBe(500);
    watch.close();
  });

  test('what was taken off is not ended', async () => {
    const watch = new LoginWatch(
      () => Promise.resolve(undefined),
      () => undefined,
    );
    const one = item(login('a'));
    watch.add(one)();
    await watch.check();
    watch.close();
    expect(one.end).not.toHaveBeenCalled();
  });
});

import { describe, expect, test } from 'vitest';
import { CACHE_MS, LoginCache } from '../../../../src/actors/accounts/login-cache.ts';
import { weaknessOf } from '../../../../src/actors/accounts/password-rules.ts';
import { Turns } from '../../../../src/actors/accounts/turns.ts';

describe('passwords', () => {
  test.each(['Password1', '12345678', 'aaaaaaaa', 'abababab', 'ann.marie', 'ANN-MARIE'])(
    '%s is weak',
    (password) => {
      expect(weaknessOf(password, 'Ann.Marie')).toBeDefined();
    },
  );

  test.each(['correct horse battery', 'xK9#mQ2$', '陽が昇る前に歩く'])('%s will do', (password) => {
    expect(weaknessOf(password, 'ann')).toBeUndefined();
  });
});

describe('turns', () => {
  test('only so many run at once, in the order of asking, and a failure gives the turn on', async () => {
    const turns = new Turns(2, 10);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const task = (at: number) =>
      turns.run(async () => {
        running += 1;
        most = Math.max(most, running);
        order.push(at);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (at % 2 === 0) throw new Error('even');
      });
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, at) => task(at)));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  });

  test('whoever finds the queue full is refused', async () => {
    const turns = new Turns(1, 1);
    let release: () => void = () => undefined;
    const first = turns.run(() => new Promise<void>((resolve) => (release = resolve)));
    const second = turns.run(() => Promise.resolve(2));
    await expect(turns.run(() => Promise.resolve(3))).rejects.toMatchObject({ type: 'too_many_requests' });
    release();
    await first;
    expect(await second).toBe(2);
    expect(await turns.run(() => Promise.resolve(4))).toBe(4);
  });
});

describe('the cache of logins', () => {
  const caller = { user: 'u', role: 'viewer', rights: [], cameras: '*' } as const;
  const found = { caller: { ...caller, rights: [] }, session: 's' };

  test('asks again after a moment, and for nobody every time', async () => {
    const cache = new LoginCache();
    let looks = 0;
    const look = () => {
      looks += 1;
      return Promise.resolve(found);
    };
    await cache.get('t', 0, look);
    await cache.get('t', CACHE_MS - 1, look);
    expect(looks).toBe(1);
    await cache.get('t', CACHE_MS, look);
    expect(looks).toBe(2);
    for (let i = 0; i < 2; i += 1)
      await cache.get('x', 0, () => Promise.resolve({ caller: null, session: String((looks += 1)) }));
    expect(looks).toBe(4);
  });

  test('forgets at once, also what is being looked up', async () => {
    const cache = new LoginCache();
    let answer: (result: typeof found) => void = () => undefined;
    const slow = cache.get('t', 0, () => new Promise((resolve) => (answer = resolve)));
    cache.clear();
    answer(found);
    await slow;
    let looks = 0;
    await cache.get('t', 1, () => {
      looks += 1;
      return Promise.resolve(found);
    });
    expect(looks).toBe(1);
  });
});

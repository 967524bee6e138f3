import { describe, expect, it } from 'vitest';
import { redisOptions } from '../../../src/jobs/bull/connection.ts';
import { EmbeddedJobQueue } from '../../../src/jobs/embedded/queue.ts';
import { backoffAfter, MAX_STALLS, share } from '../../../src/jobs/types.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';

describe('jobs', () => {
  it('wait twice as long after each failure, an hour at most', () => {
    expect([1, 2, 3, 4].map((failures) => backoffAfter(failures, 100))).toEqual([100, 200, 400, 800]);
    expect(backoffAfter(1_000, 100)).toBe(3_600_000);
  });

  it('have a progress from 0 to 1, whatever the handler says', () => {
    expect([-1, 0, 0.5, 7, Number.NaN].map(share)).toEqual([0, 0, 0.5, 1, 0]);
  });
});

describe('the address of Redis', () => {
  it('may have TLS, user, password and database', () => {
    expect(redisOptions('rediss://us%40er:p%2Fw@redis.example:6380/3', 'PEM')).toMatchObject({
      host: 'redis.example',
      port: 6380,
      username: 'us@er',
      password: 'p/w',
      db: 3,
      tls: { ca: 'PEM' },
    });
    expect(redisOptions('redis://[::1]', null)).toMatchObject({ host: '::1', port: 6379, db: 0 });
    expect(redisOptions('redis://h', null)).not.toHaveProperty('tls');
  });

  it.each(['http://h', 'redis', 'redis://u:secret@h/x'])('refuses %s without repeating it', (url) => {
    expect(() => redisOptions(url, null)).toThrow('Redis');
    expect(() => redisOptions(url, null)).not.toThrow('secret');
  });
});

describe('the table of the embedded queue', () => {
  const job = { kind: 'k', id: 'a', data: {}, attempts: 1, backoffMs: 1, runAt: 0, createdAt: 0 };

  it('lets only the holder of the lock change a running job', async () => {
    const store = await openSqliteStore(':memory:');
    const { jobs } = store;
    await jobs.insert(job);
    await jobs.take('k', { token: 'old', now: 0, lockMs: 10 }, MAX_STALLS);
    expect(await jobs.take('k', { token: 'new', now: 5, lockMs: 10 }, MAX_STALLS)).toBeUndefined();
    expect(await jobs.take('k', { token: 'new', now: 11, lockMs: 10 }, MAX_STALLS)).toMatchObject({
      stalls: 1,
    });
    expect(await jobs.renew('k', 'a', { token: 'old', now: 12, lockMs: 10 })).toBe(false);
    expect(await jobs.progress('k', 'a', 'old', 0.5)).toBe(false);
    expect(await jobs.finish('k', 'a', 'old', { state: 'done', result: 1 }, 12)).toBe(false);
    expect(await jobs.finish('k', 'a', 'new', { state: 'done', result: 2 }, 12)).toBe(true);
    expect(await jobs.get('k', 'a')).toMatchObject({ state: 'done', result: 2 });
    await store.close();
  });

  it('gives up a job that takes its worker with it again and again', async () => {
    const store = await openSqliteStore(':memory:');
    const { jobs } = store;
    await jobs.insert(job);
    let takes = 0;
    for (let now = 0; now < 1_000; now += 11)
      if (await jobs.take('k', { token: String(now), now, lockMs: 10 }, MAX_STALLS)) takes += 1;
    expect(takes).toBe(MAX_STALLS + 1);
    expect(await jobs.get('k', 'a')).toMatchObject({ state: 'failed' });
    await store.close();
  });

  it('forgets what finished long ago', async () => {
    let now = 1_000;
    const store = await openSqliteStore(':memory:');
    const queue = new EmbeddedJobQueue({ table: store.jobs, keep: { count: 9, ageMs: 100 }, now: () => now });
    await queue.add('k', {}, { id: 'old' });
    await queue.cancel('k', 'old');
    now += 101;
    await queue.add('k', {}, { id: 'new' });
    await queue.cancel('k', 'new');
    expect((await queue.list('k')).map(({ id }) => id)).toEqual(['new']);
    await queue.close();
    await store.close();
  });
});

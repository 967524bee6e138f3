import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCode } from '../../src/contracts/errors.ts';
import { redisOptions } from '../../src/jobs/bull/connection.ts';
import { BullJobQueue } from '../../src/jobs/bull/queue.ts';
import { jobsConformance } from '../support/conformance/jobs.ts';
import { openQueue } from '../support/jobs/queues.ts';
import { Redis, REDIS_SERVER } from '../support/services/redis.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobs-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
jobsConformance('embedded on SQLite', async () => {
  const own = await mkdtemp(path.join(folder, 'sqlite-'));
  return { place: { backend: 'sqlite', place: path.join(own, 'catalog.db') }, folder: own };
});

describe.skipIf(REDIS_SERVER === undefined)('Bull on Redis (needs redis-server)', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await Redis.start({ password: 'a-secret' });
  });
  afterAll(() => redis.remove());

  jobsConformance('Bull on Redis', async () => {
    const own = await mkdtemp(path.join(folder, 'redis-'));
    // A database of its own for each test; Redis has 16.
    return { place: { backend: 'redis', place: `${redis.url}/${String((count += 1) % 16)}` }, folder: own };
  });

  it('goes on after Redis was killed and came back, and says meanwhile what is wrong', async () => {
    const problems: (string | null)[] = [];
    const queue = new BullJobQueue({
      redis: redisOptions(`${redis.url}/15`, null),
      keep: { count: 100, ageMs: 3_600_000 },
      lockMs: 1_000,
      onProblem: (problem) => problems.push(problem),
    });
    try {
      const kept = await queue.add('small', { n: 1 }, { id: 'kept', delayMs: 1_000 });
      await redis.kill();
      await until('the problem to be noticed', () => queue.problem !== null);
      expect(queue.problem).toContain('Redis is away');
      const refused = await queue.add('small', { n: 2 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(errorCode(refused)).toBe('unavailable');
      await redis.up();
      await until('the queue to be well', () => queue.problem === null);
      queue.process('small', { concurrency: 1 }, ({ job }) => Promise.resolve((job.data as { n: number }).n));
      const job = await until('the job from before to be done', async () => {
        const found = await queue.get('small', kept.id);
        return found?.state === 'done' && found;
      });
      expect(job.result).toBe(1);
      expect(problems.at(-1)).toBeNull();
    } finally {
      await queue.close();
    }
  });

  it('starts while Redis is away, and works as soon as it is there', async () => {
    await redis.kill();
    const { queue, close } = await openQueue({ backend: 'redis', place: `${redis.url}/14` });
    try {
      queue.process('small', { concurrency: 1 }, () => Promise.resolve('late'));
      await until('the problem to be noticed', () => queue.problem !== null);
      await redis.up();
      const { id } = await until('a job to be taken', () => queue.add('small', {}, { id: 'first' }));
      await until('it to be done', async () => (await queue.get('small', id))?.result === 'late');
    } finally {
      await close();
    }
  });

  it('says that the password is wrong', async () => {
    const { queue, close } = await openQueue({
      backend: 'redis',
      place: redis.url.replace('a-secret', 'another'),
    });
    try {
      queue.process('small', { concurrency: 1 }, () => Promise.resolve());
      await until('the problem to be noticed', () => queue.problem !== null);
      expect(queue.problem).toContain('password');
      expect(queue.problem).not.toContain('another');
    } finally {
      await close();
    }
  });
});

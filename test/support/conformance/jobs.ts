import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Job, JobFailure, type JobQueue } from '../../../src/jobs/types.ts';
import { openQueue, type OpenQueue, type Place } from '../jobs/queues.ts';
import { until } from '../until.ts';

const WORKER = path.resolve(import.meta.dirname, '../jobs/worker.worker.ts');

/** What every job queue must do. `fresh` gives an empty one, and a folder for files. */
export function jobsConformance(name: string, fresh: () => Promise<{ place: Place; folder: string }>): void {
  describe(`jobs: ${name}`, () => {
    let place: Place;
    let folder: string;
    let open: OpenQueue;
    let queue: JobQueue;
    beforeEach(async () => {
      ({ place, folder } = await fresh());
      open = await openQueue(place);
      queue = open.queue;
    });
    afterEach(() => open.close());

    const reach = (id: string, state: Job['state'], kind = 'small') =>
      until(`job ${id} to be ${state}`, async () => {
        const job = await queue.get(kind, id);
        return job?.state === state && job;
      });

    it('runs what was added, and keeps data, progress and result', async () => {
      const seen: unknown[] = [];
      queue.process('small', { concurrency: 1 }, async ({ job, progress }) => {
        seen.push(job.data);
        await progress(0.25);
        return { doubled: (job.data as { n: number }).n * 2 };
      });
      const { id, state } = await queue.add('small', { n: 21 });
      expect(['waiting', 'running', 'done']).toContain(state);
      const job = await reach(id, 'done');
      expect(seen).toEqual([{ n: 21 }]);
      expect(job).toMatchObject({
        data: { n: 21 },
        progress: 1,
        failures: 0,
        result: { doubled: 42 },
        error: null,
      });
      expect(job.finishedAt).toBeGreaterThanOrEqual(job.createdAt);
    });

    it('shows progress while a job runs', async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      queue.process('small', { concurrency: 1 }, async ({ progress }) => {
        await progress(0.5);
        await promise;
        return null;
      });
      const { id } = await queue.add('small', {});
      await until('half of it', async () => {
        const job = await queue.get('small', id);
        return job?.state === 'running' && job.progress === 0.5;
      });
      resolve(undefined);
      expect((await reach(id, 'done')).result).toBeNull();
    });

    it('runs as many at a time as it may', async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let now = 0;
      let most = 0;
      queue.process('small', { concurrency: 2 }, async () => {
        most = Math.max(most, (now += 1));
        await promise;
        now -= 1;
      });
      const jobs = await Promise.all([1, 2, 3, 4].map((n) => queue.add('small', { n })));
      await until('two at a time', () => now === 2);
      resolve(undefined);
      for (const { id } of jobs) await reach(id, 'done');
      expect(most).toBe(2);
    });

    it('makes one job of two with the same id, even when the first is done', async () => {
      let runs = 0;
      const first = await queue.add('small', { n: 1 }, { id: 'once' });
      const second = await queue.add('small', { n: 2 }, { id: 'once' });
      expect(second).toMatchObject({ id: 'once', data: { n: 1 }, createdAt: first.createdAt });
      queue.process('small', { concurrency: 1 }, () => Promise.resolve((runs += 1)));
      await reach('once', 'done');
      expect(await queue.add('small', { n: 3 }, { id: 'once' })).toMatchObject({
        state: 'done',
        data: { n: 1 },
      });
      expect(await queue.list('small')).toHaveLength(1);
      expect(runs).toBe(1);
    });

    it('waits as long as it was told', async () => {
      const added = Date.now();
      let ran = 0;
      const { id, state } = await queue.add('small', {}, { delayMs: 700 });
      expect(state).toBe('delayed');
      expect((await queue.list('small', { states: ['delayed'] })).map((job) => job.id)).toEqual([id]);
      expect(await queue.list('small', { states: ['waiting'] })).toEqual([]);
      queue.process('small', { concurrency: 1 }, () => Promise.resolve((ran = Date.now())));
      await reach(id, 'done');
      expect(ran - added).toBeGreaterThanOrEqual(690);
    });

    it('tries again after a while what failed, and gives up after so many failures', async () => {
      const times: number[] = [];
      queue.process('small', { concurrency: 1 }, ({ job }) => {
        times.push(Date.now());
        const { ok } = job.data as { ok: number };
        return job.failures >= ok
          ? Promise.resolve('well')
          : Promise.reject(new Error(`no ${String(job.failures)}`));
      });
      const { id } = await queue.add('small', { ok: 2 }, { attempts: 3, backoffMs: 150 });
      expect(await reach(id, 'done')).toMatchObject({ failures: 2, result: 'well', error: null });
      const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
      expect(gaps[0]).toBeGreaterThanOrEqual(145);
      expect(gaps[1]).toBeGreaterThanOrEqual(295);
      const hopeless = await queue.add('small', { ok: 9 }, { attempts: 2, backoffMs: 10 });
      expect(await reach(hopeless.id, 'failed')).toMatchObject({ failures: 2, error: 'no 1', result: null });
    });

    it('does not try again what cannot succeed', async () => {
      let runs = 0;
      queue.process('small', { concurrency: 1 }, () => {
        runs += 1;
        return Promise.reject(new JobFailure('nothing was recorded'));
      });
      const { id } = await queue.add('small', {}, { attempts: 5, backoffMs: 1 });
      expect(await reach(id, 'failed')).toMatchObject({ failures: 1, error: 'nothing was recorded' });
      expect(runs).toBe(1);
    });

    it('cancels what waits, what is delayed and what runs, and nothing that is finished', async () => {
      const waiting = await queue.add('small', { n: 1 });
      const delayed = await queue.add('small', { n: 2 }, { delayMs: 60_000 });
      expect(await queue.cancel('small', waiting.id)).toMatchObject({ state: 'cancelled' });
      expect(await queue.cancel('small', delayed.id)).toMatchObject({ state: 'cancelled' });
      expect(await queue.cancel('small', 'none')).toBeUndefined();
      const ran: unknown[] = [];
      queue.process('small', { concurrency: 2 }, async ({ job, signal }) => {
        ran.push(job.data);
        if ((job.data as { n: number }).n === 4) return 'quick';
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('stopped'))),
        );
        return null;
      });
      const running = await queue.add('small', { n: 3 }, { attempts: 5, backoffMs: 1 });
      await reach(running.id, 'running');
      await queue.cancel('small', running.id);
      expect(await reach(running.id, 'cancelled')).toMatchObject({ result: null });
      const quick = await queue.add('small', { n: 4 });
      await reach(quick.id, 'done');
      expect(await queue.cancel('small', quick.id)).toMatchObject({ state: 'done', result: 'quick' });
      expect(ran).toEqual([{ n: 3 }, { n: 4 }]);
      const states = (await queue.list('small', { states: ['cancelled'] })).map((job) => job.id).sort();
      expect(states).toEqual([waiting.id, delayed.id, running.id].sort());
    });

    it('lists by state, newest first, and forgets what is finished when told', async () => {
      const ids: string[] = [];
      for (const n of [1, 2, 3]) {
        ids.push((await queue.add('small', { n })).id);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect((await queue.list('small')).map((job) => job.id)).toEqual(ids.toReversed());
      expect((await queue.list('small', { limit: 2 })).map((job) => job.id)).toEqual(
        ids.toReversed().slice(0, 2),
      );
      expect(await queue.list('other')).toEqual([]);
      expect(await queue.remove('small', ids[0] ?? '')).toBe(false);
      queue.process('small', { concurrency: 1 }, () => Promise.resolve());
      for (const id of ids) await reach(id, 'done');
      expect(await queue.list('small', { states: ['waiting', 'running'] })).toEqual([]);
      expect(await queue.remove('small', ids[0] ?? '')).toBe(true);
      expect(await queue.remove('small', ids[0] ?? '')).toBe(false);
      expect(await queue.get('small', ids[0] ?? '')).toBeUndefined();
    });

    it('keeps so many finished jobs', async () => {
      await open.close();
      open = await openQueue(place, { count: 2, ageMs: 3_600_000 });
      queue = open.queue;
      queue.process('small', { concurrency: 1 }, () => Promise.resolve());
      const jobs = [];
      for (const n of [1, 2, 3, 4]) {
        const { id } = await queue.add('small', { n });
        await reach(id, 'done');
        jobs.push(id);
      }
      await until('the older ones to go', async () => (await queue.list('small')).length === 2);
      expect((await queue.list('small')).map((job) => job.id)).toEqual(jobs.slice(2).toReversed());
    });

    it('gives back what runs when it closes, without a failure', async () => {
      const seen: Job[] = [];
      const begin = (): void => {
        queue.process('small', { concurrency: 1 }, async ({ job, signal }) => {
          seen.push(job);
          if (seen.length > 1) return 'in the end';
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new Error('closing'))),
          );
          return null;
        });
      };
      begin();
      const { id } = await queue.add('small', {}, { attempts: 1 });
      await reach(id, 'running');
      await open.close();
      open = await openQueue(place);
      queue = open.queue;
      begin();
      expect(await reach(id, 'done')).toMatchObject({ failures: 0, result: 'in the end' });
    });

    it('takes over the job of a worker that was killed in the middle of it', async () => {
      const file = path.join(folder, 'begun');
      const { id } = await queue.add('long', { file }, { attempts: 1 });
      const child = spawn(process.execPath, [WORKER, place.backend, place.place], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      try {
        await until('the worker to begin', async () => (await readFile(file, 'utf8')) !== '');
        expect(await queue.get('long', id)).toMatchObject({ state: 'running', progress: 0.5 });
      } finally {
        child.kill('SIGKILL');
      }
      queue.process('long', { concurrency: 1 }, () => Promise.resolve('taken over'));
      expect(await reach(id, 'done', 'long')).toMatchObject({ failures: 0, result: 'taken over' });
    });
  });
}

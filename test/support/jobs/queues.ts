import { BullJobQueue } from '../../../src/jobs/bull/queue.ts';
import { redisOptions } from '../../../src/jobs/bull/connection.ts';
import { EmbeddedJobQueue } from '../../../src/jobs/embedded/queue.ts';
import type { JobQueue, Keep } from '../../../src/jobs/types.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';

export interface Place {
  readonly backend: 'sqlite' | 'redis';
  /** File of the catalog, or address of Redis. */
  readonly place: string;
}

export interface OpenQueue {
  readonly queue: JobQueue;
  readonly close: () => Promise<void>;
}

/** Short locks, so that a dead worker is noticed soon. */
const LOCK_MS = 1_000;

export async function openQueue(
  { backend, place }: Place,
  keep: Keep = { count: 100, ageMs: 3_600_000 },
): Promise<OpenQueue> {
  if (backend === 'redis') {
    const queue = new BullJobQueue({ redis: redisOptions(place, null), keep, lockMs: LOCK_MS });
    return { queue, close: () => queue.close() };
  }
  const store = await openSqliteStore(place);
  const queue = new EmbeddedJobQueue({ table: store.jobs, keep, lockMs: LOCK_MS, pollMs: 100 });
  return {
    queue,
    close: async () => {
      await queue.close();
      await store.close();
    },
  };
}

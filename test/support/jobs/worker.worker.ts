/**
 * A process that takes one job of the kind `long`, writes that it has begun, and never ends it: to be killed. Arguments:
 * `sqlite <file>` or `redis <url>`.
 */
import { appendFileSync } from 'node:fs';
import { openQueue } from './queues.ts';

const [backend = '', place = ''] = process.argv.slice(2);
const { queue } = await openQueue({ backend: backend === 'redis' ? 'redis' : 'sqlite', place });
queue.process('long', { concurrency: 1 }, async ({ job, progress }) => {
  await progress(0.5);
  appendFileSync((job.data as { file: string }).file, `${String(process.pid)}\n`);
  await new Promise(() => undefined);
});
setInterval(() => undefined, 1_000);

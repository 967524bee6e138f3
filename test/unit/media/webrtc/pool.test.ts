import { describe, expect, it, vi } from 'vitest';
import { WebRtcPool, type WebRtcPoolOptions, workerPort } from '../../../../src/media/webrtc/pool.ts';
import type { WebRtcWorker } from '../../../../src/media/webrtc/worker.ts';

/** What the pool sees of a worker. */
class FakeWorker {
  closed = false;
  routers = 0;
  transports = 0;
  readonly port: number;
  readonly pid: number;
  #died: ((error: Error) => void) | undefined;

  constructor(port: number, pid: number) {
    this.port = port;
    this.pid = pid;
  }

  onDied(callback: (error: Error) => void): void {
    this.#died = callback;
  }

  die(): void {
    this.closed = true;
    this.#died?.(new Error('killed'));
  }

  close(): void {
    this.closed = true;
  }
}

function setUp(options: Partial<WebRtcPoolOptions> = {}) {
  const workers: FakeWorker[] = [];
  const problems: string[] = [];
  const start = vi.fn<NonNullable<WebRtcPoolOptions['startWorker']>>(({ port }) => {
    const worker = new FakeWorker(port === 0 ? 40_000 + workers.length : port, workers.length + 1);
    workers.push(worker);
    return Promise.resolve(worker as unknown as WebRtcWorker);
  });
  const pool = new WebRtcPool({
    log: { info: () => undefined, warn: (_, sentence) => problems.push(sentence) },
    port: 8555,
    workers: 1,
    restart: { firstMs: 1, maxMs: 5 },
    startWorker: start,
    ...options,
  });
  return { pool, workers, problems, start };
}

describe('the pool of WebRTC workers', () => {
  it('gives each worker a port, but never that of the links', async () => {
    expect([0, 1, 2].map((index) => workerPort(8555, index))).toEqual([8555, 8557, 8558]);
    const { pool } = setUp({ workers: 3 });
    await pool.start();
    expect(pool.stats.map(({ port }) => port)).toEqual([8555, 8557, 8558]);
    expect(pool.port).toBe(8555);
    pool.close();
  });

  it('keeps the free port that its worker found', async () => {
    const { pool, workers } = setUp({ port: 0 });
    await pool.start();
    expect(pool.port).toBe(40_000);
    workers[0]?.die();
    await pool.choose();
    expect(pool.stats[0]).toMatchObject({ port: 40_000, running: true, restarts: 1 });
    pool.close();
  });

  it('chooses the worker with the fewest viewers', async () => {
    const { pool, workers } = setUp({ workers: 3 });
    await pool.start();
    for (const [index, transports] of [4, 1, 9].entries())
      Object.assign(workers[index] ?? {}, { transports });
    expect(await pool.choose()).toBe(workers[1]);
    pool.close();
  });

  it('replaces a worker that died, and whoever asks meanwhile waits for it', async () => {
    const { pool, workers, problems } = setUp();
    await pool.start();
    workers[0]?.die();
    expect(pool.stats[0]?.running).toBe(false);
    expect(await pool.choose()).toBe(workers[1]);
    expect(pool.unavailable).toBeNull();
    expect(problems).toHaveLength(1);
    pool.close();
  });

  it('is no failure without a worker to run, says why, and tries again', async () => {
    const { pool, start, problems } = setUp({ restart: { firstMs: 20, maxMs: 20 } });
    start.mockRejectedValueOnce(new Error('spawn mediasoup-worker ENOENT'));
    await pool.start();
    expect(pool.unavailable).toContain('doctor');
    expect(problems[0]).toContain('WebRTC is off');
    await expect(pool.choose()).rejects.toMatchObject({ type: 'webrtc_unavailable' });
    await vi.waitFor(() => expect(pool.unavailable).toBeNull());
    pool.close();
  });

  it('does not even try where the named worker is not there', async () => {
    const { pool, start } = setUp({ workerBin: '/nowhere/mediasoup-worker' });
    await pool.start();
    expect(start).not.toHaveBeenCalled();
    expect(pool.unavailable).toContain('not there');
    pool.close();
  });

  it('says that the port is taken', async () => {
    const { pool, start } = setUp();
    start.mockRejectedValue(new Error('port bind failed due to address not available'));
    await pool.start();
    expect(pool.unavailable).toBe('port 8555 is taken.');
    pool.close();
  });

  it('closes what starts after it was closed', async () => {
    const { pool, workers } = setUp();
    const starting = pool.start();
    pool.close();
    await starting;
    expect(workers.map(({ closed }) => closed)).toEqual([true]);
    await expect(pool.choose()).rejects.toMatchObject({ type: 'webrtc_unavailable' });
  });
});

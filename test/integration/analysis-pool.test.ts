import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AnalysisPool, type AnalysisPoolOptions } from '../../src/inference/pool.ts';
import type { AnalysisStream } from '../../src/inference/pool-stream.ts';
import { until } from '../support/until.ts';
import { videoTrack } from '../support/media/video-frames.ts';

const entry = path.resolve('test/support/inference/fake-analysis.worker.ts');
const settings = { fps: 5, objects: [], minScore: 0.5, zones: [], masks: [], sensitivity: 0.5 };
const pools: AnalysisPool[] = [];

function makePool(options: Partial<AnalysisPoolOptions> = {}): { pool: AnalysisPool; warnings: string[] } {
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_: object, message: string) => void warnings.push(message) };
  const pool = new AnalysisPool({ log, workers: 1, nice: 0, entry, restartMs: [10, 50], ...options });
  pools.push(pool);
  return { pool, warnings };
}

class Camera {
  ready = 0;
  lost = 0;
  readonly seen: string[] = [];
  readonly stream: AnalysisStream;

  constructor(pool: AnalysisPool, id: string) {
    this.stream = pool.open({
      id,
      settings,
      onReady: () => (this.ready += 1),
      onLost: () => (this.lost += 1),
      onChange: ({ event }, jpeg) => this.seen.push(`${event.track} ${jpeg?.toString('utf8') ?? '-'}`),
    });
  }

  say(word: string, key = true): void {
    this.stream.packet({ time: 1_000, key, data: Buffer.from(word) });
  }

  /** Says the word until the worker answers it. */
  hears(word: string): Promise<unknown> {
    return until(`an answer to ${word}`, () => {
      this.say(word);
      return this.seen.includes(`${word} ${word}`);
    });
  }

  async hasWorker(times = 1): Promise<void> {
    await until('a worker', () => this.ready >= times);
    this.stream.header(videoTrack);
  }
}

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

describe('analysis pool', () => {
  it('starts a worker for the first stream only, and brings answers back with their pictures', async () => {
    const { pool } = makePool({ workers: 2 });
    expect(pool.stats.workers).toBe(0);
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    expect(pool.stats).toMatchObject({ workers: 1, streams: 1, restarts: 0 });
    await camera.hears('hello');
    await until('a report', () => pool.stats.inferences > 0);
    expect(camera.stream.state).toMatchObject({ state: 'running', engine: 'fake', fps: 5, message: null });
    const { inferences } = pool.stats;
    camera.stream.close();
    expect(pool.stats).toMatchObject({ streams: 0, inferences });
  });

  it('spreads streams and keeps them where they are', async () => {
    const { pool } = makePool({ workers: 2 });
    const cameras = ['a', 'b', 'c', 'd'].map((id) => new Camera(pool, id));
    for (const camera of cameras) await camera.hasWorker();
    expect(pool.pids).toHaveLength(2);
    cameras[0]?.stream.close();
    await cameras[3]?.hears('still here');
    expect(cameras[3]?.lost).toBe(0);
  });

  it('begins with a key frame', async () => {
    const { pool } = makePool();
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    camera.say('early', false);
    await camera.hears('key');
    camera.say('late', false);
    await until('the late one', () => camera.seen.includes('late late'));
    expect(camera.seen).not.toContain('early early');
  });

  it('drops what comes after a reset of what was sent before', async () => {
    const { pool } = makePool();
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    camera.say('before');
    camera.stream.reset();
    await camera.hears('after');
    expect(camera.seen).not.toContain('before before');
  });

  it('says nothing after the end', async () => {
    const { pool } = makePool();
    const one = new Camera(pool, 'a');
    const other = new Camera(pool, 'b');
    await one.hasWorker();
    await other.hasWorker();
    one.say('last');
    one.stream.close();
    one.stream.close();
    await other.hears('next');
    expect([one.seen, one.lost]).toEqual([[], 0]);
    expect(pool.stats.streams).toBe(1);
  });

  it('replaces a worker that is killed, and its streams come back', async () => {
    const { pool, warnings } = makePool();
    const cameras = [new Camera(pool, 'a'), new Camera(pool, 'b')];
    for (const camera of cameras) await camera.hasWorker();
    process.kill(pool.pids[0] ?? 0, 'SIGKILL');
    for (const camera of cameras) {
      await camera.hasWorker(2);
      expect(camera.lost).toBe(1);
      await camera.hears('again');
    }
    expect(pool.stats).toMatchObject({ workers: 1, restarts: 1, setAside: 0 });
    expect(warnings).toContain('analysis worker died');
  });

  it('kills a worker that hangs, and sets aside who made it hang', async () => {
    const { pool, warnings } = makePool({ hungAfterMs: 3_000, pausesMs: [60_000] });
    const good = new Camera(pool, 'good');
    const bad = new Camera(pool, 'bad');
    await good.hasWorker();
    await bad.hasWorker();
    await good.hears('hello');
    bad.say('hang');
    await good.hasWorker(2);
    await good.hears('free');
    expect(warnings).toContain('analysis worker hangs');
    expect(bad.stream.state.state).toBe('set-aside');
    expect(bad.stream.state.message).toBe(
      'The pictures of this camera stopped the analysis once; it is tried again after 60 s.',
    );
  });

  it('sets a stream aside for longer each time that its pictures take a worker along', async () => {
    const { pool } = makePool({ pausesMs: [50, 60_000] });
    const good = new Camera(pool, 'good');
    const bad = new Camera(pool, 'bad');
    await good.hasWorker();
    await bad.hasWorker();
    bad.say('poison');
    await bad.hasWorker(2);
    bad.say('poison');
    await until('the long pause', () =>
      bad.stream.state.message?.includes('2 times; it is tried again after 60 s'),
    );
    await good.hasWorker(3);
    await good.hears('peace');
    expect(pool.stats).toMatchObject({ restarts: 2, setAside: 1, workers: 1 });
    bad.stream.close();
    expect(pool.stats.setAside).toBe(0);
  });

  it('blames no pictures for a worker that somebody else killed', async () => {
    const { pool } = makePool({ hungAfterMs: 60_000, pausesMs: [60_000] });
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    camera.say('hang');
    process.kill(pool.pids[0] ?? 0, 'SIGKILL');
    await camera.hasWorker(2);
    await camera.hears('again');
    expect(pool.stats).toMatchObject({ restarts: 1, setAside: 0 });
  });

  it('kills a worker that talks nonsense', async () => {
    const { pool, warnings } = makePool();
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    camera.say('nonsense');
    await until('another worker', () => pool.stats.restarts === 1);
    expect(warnings).toContain('analysis worker talks nonsense');
  });

  it('drops packets up to a key frame when a worker does not read, and counts them', async () => {
    const { pool } = makePool({ hungAfterMs: 60_000 });
    const camera = new Camera(pool, 'a');
    await camera.hasWorker();
    await camera.hears('hello');
    const pid = pool.pids[0] ?? 0;
    process.kill(pid, 'SIGSTOP');
    const big = Buffer.alloc(1024 * 1024);
    for (let index = 0; index < 20; index += 1) {
      camera.stream.packet({ time: index, key: index === 0, data: big });
    }
    expect(camera.stream.state.dropped).toBeGreaterThan(5);
    expect(pool.stats.queuedBytes).toBeLessThan(10 * 1024 * 1024);
    process.kill(pid, 'SIGCONT');
    await camera.hears('awake');
  });
});

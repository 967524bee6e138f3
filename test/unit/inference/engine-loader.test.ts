import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BlackBox, readBlackBox } from '../../../src/inference/black-box.ts';
import { EngineLoader } from '../../../src/inference/engine-loader.ts';
import type { Engine } from '../../../src/inference/types.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const made: string[] = [];
  let now = 0;
  let fails = false;
  const loader = new EngineLoader(
    () => {
      made.push(`made at ${String(now)}`);
      if (fails) return Promise.reject(new Error('no model'));
      const engine: Engine = {
        name: 'engine',
        labels: [],
        inputSize: 8,
        detect: () => Promise.resolve([]),
        close: () => void made.push('closed'),
      };
      return Promise.resolve(engine);
    },
    () => now,
  );
  return {
    loader,
    made,
    at: (time: number, failing = false) => {
      now = time;
      fails = failing;
    },
  };
}

describe('engine loader', () => {
  it('loads once, when it is wanted', async () => {
    const { loader, made } = setUp();
    let ready = 0;
    loader.onReady = () => (ready += 1);
    expect(made).toEqual([]);
    loader.want();
    loader.want();
    await settle();
    loader.want();
    expect([made, ready, loader.engine?.name]).toEqual([['made at 0'], 1, 'engine']);
  });

  it('says why there is none, and tries again after a minute', async () => {
    const { loader, made, at } = setUp();
    at(0, true);
    loader.want();
    await settle();
    expect([loader.engine, loader.problem]).toEqual([undefined, 'no model']);
    at(59_000);
    loader.want();
    expect(made).toHaveLength(1);
    at(60_000);
    loader.want();
    await settle();
    expect([loader.engine?.name, loader.problem]).toEqual(['engine', null]);
  });

  it('replaces an engine that failed', async () => {
    const { loader, made, at } = setUp();
    loader.want();
    await settle();
    loader.failed(new Error('out of memory'));
    expect([loader.engine, loader.problem]).toEqual([undefined, 'out of memory']);
    at(60_000);
    loader.want();
    await settle();
    expect(made).toEqual(['made at 0', 'closed', 'made at 60000']);
  });
});

describe('black box', () => {
  it('tells on what was worked last, also of a box that never was', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'box-'));
    const file = path.join(folder, 'box');
    expect(await readBlackBox(file)).toBe(0);
    const box = new BlackBox(file);
    expect(await readBlackBox(file)).toBe(0);
    box.set(70_000);
    expect(await readBlackBox(file)).toBe(70_000);
    box.set(0);
    expect(await readBlackBox(file)).toBe(0);
    box.close();
    await rm(folder, { recursive: true });
  });
});

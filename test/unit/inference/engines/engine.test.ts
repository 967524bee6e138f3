import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { decode } from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectionsFromRows } from '../../../../src/inference/engines/detections.ts';
import { createWasmEngine } from '../../../../src/inference/engines/tfjs-wasm.ts';
import { intoSquare, letterbox } from '../../../../src/inference/letterbox.ts';
import { DEFAULT_MODEL, openModel } from '../../../../src/inference/models/manifest.ts';
import type { Engine, RgbImage } from '../../../../src/inference/types.ts';

const images = path.resolve('../shared/fixtures/images');

function square(file: string, size: number): RgbImage {
  const image = decode(readFileSync(path.join(images, file)), { formatAsRGBA: false });
  const box = letterbox(image.width / image.height, size);
  const data = new Uint8Array(box.width * box.height * 3);
  for (let y = 0; y < box.height; y += 1) {
    for (let x = 0; x < box.width; x += 1) {
      const from =
        3 *
        (Math.trunc((y * image.height) / box.height) * image.width +
          Math.trunc((x * image.width) / box.width));
      data.set(image.data.subarray(from, from + 3), 3 * (y * box.width + x));
    }
  }
  return intoSquare({ width: box.width, height: box.height, data }, size, 114);
}

describe('detections from rows', () => {
  const format = { labels: ['person', 'car'], size: 100, minScore: 0.3 };

  it('reads boxes relative to the square, best first', () => {
    expect(detectionsFromRows([10, 20, 30, 60, 0.5, 0, 50, 50, 90, 90, 0.9, 1], format)).toEqual([
      { label: 'car', score: 0.9, box: [0.5, 0.5, 0.4, 0.4] },
      { label: 'person', score: 0.5, box: [0.1, 0.2, 0.2, 0.4] },
    ]);
  });

  it('keeps one reading of one thing', () => {
    expect(detectionsFromRows([10, 20, 30, 60, 0.5, 0, 10, 21, 30, 60, 0.7, 1], format)).toMatchObject([
      { label: 'car' },
    ]);
  });

  it('passes over what makes no sense', () => {
    const rows = [
      10,
      20,
      30,
      60,
      0.5,
      7,
      10,
      20,
      30,
      60,
      Number.NaN,
      0,
      30,
      20,
      10,
      60,
      0.8,
      0,
      1,
      1,
      2,
      2,
      0.1,
      0,
    ];
    expect(detectionsFromRows(rows, format)).toEqual([]);
  });
});

describe('model folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'model-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('refuses files that are not what the manifest says', async () => {
    const model = await openModel(DEFAULT_MODEL);
    const own = {
      ...model.manifest,
      package: undefined,
      graph: 'graph.json',
      sha256: { 'graph.json': '0'.repeat(64) },
    };
    await mkdir(path.join(folder, 'own'));
    await writeFile(path.join(folder, 'own/manifest.json'), JSON.stringify(own));
    await writeFile(path.join(folder, 'own/graph.json'), '{}');
    const opened = await openModel(path.join(folder, 'own'));
    await expect(opened.read('graph.json')).rejects.toThrow('checksum of graph.json is wrong');
    await expect(opened.read('../../etc/passwd')).rejects.toThrow('is outside');
  });

  it('names what is wrong with a manifest', async () => {
    await writeFile(path.join(folder, 'manifest.json'), '{"id":"x"}');
    await expect(openModel(folder)).rejects.toThrow(/manifest\.json.*\n.*/);
  });
});

describe('TensorFlow.js on WebAssembly', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createWasmEngine(await openModel(DEFAULT_MODEL));
  });
  afterAll(() => engine.close());

  it('says what it is and refuses other sizes', async () => {
    expect(engine.name).toBe('centernet-coco on wasm');
    expect(engine.labels).toHaveLength(80);
    const image = { width: 10, height: 10, data: new Uint8Array(300) };
    await expect(engine.detect(image, 0.5)).rejects.toThrow(RangeError);
  });

  it.skipIf(!existsSync(images))('finds people and a bus (needs ../shared/fixtures)', async () => {
    const found = await engine.detect(square('bus.jpg', engine.inputSize), 0.4);
    const labels = found.map(({ label }) => label);
    expect(labels).toContain('bus');
    expect(labels.filter((label) => label === 'person').length).toBeGreaterThanOrEqual(2);
  });
});

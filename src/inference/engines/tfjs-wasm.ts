import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Model } from '../models/manifest.ts';
import type { Engine, RgbImage } from '../types.ts';
import { detectionsFromRows } from './detections.ts';

const Graph = z.looseObject({
  modelTopology: z.looseObject({}),
  format: z.string().optional(),
  generatedBy: z.string().optional(),
  convertedBy: z.string().nullable().optional(),
  signature: z.looseObject({}).optional(),
  weightsManifest: z.array(
    z.looseObject({ paths: z.array(z.string()), weights: z.array(z.looseObject({ name: z.string() })) }),
  ),
});

/**
 * TensorFlow.js on WebAssembly (SIMD, one thread): works wherever Node does. One inference holds the thread of its
 * process for a tenth of a second or more, so it belongs into a worker process.
 * @throws Error when the model or the backend cannot be loaded.
 */
export async function createWasmEngine(model: Model): Promise<Engine> {
  const require = createRequire(import.meta.url);
  setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  if (!(await tf.setBackend('wasm')))
    throw new Error('the WebAssembly backend of TensorFlow.js did not start');
  await tf.ready();
  const graph = await loadGraph(model);
  const engine = new WasmEngine(model, graph);
  await engine.warmUp();
  return engine;
}

class WasmEngine implements Engine {
  readonly name: string;
  readonly labels: readonly string[];
  readonly inputSize: number;
  readonly #model: Model;
  readonly #graph: GraphModel;
  readonly #input: Float32Array;

  constructor(model: Model, graph: GraphModel) {
    this.name = `${model.manifest.id} on wasm`;
    this.labels = model.manifest.labels;
    this.inputSize = model.manifest.input.size;
    this.#model = model;
    this.#graph = graph;
    this.#input = new Float32Array(this.inputSize * this.inputSize * 3);
  }

  async detect(image: RgbImage, minScore: number) {
    const { manifest } = this.#model;
    const size = this.inputSize;
    if (image.width !== size || image.height !== size || image.data.length !== this.#input.length) {
      throw new RangeError(`the engine takes pictures of ${size} × ${size}`);
    }
    this.#input.set(image.data);
    const input = tf.tensor4d(this.#input, [1, size, size, 3], 'float32');
    const output = this.#graph.execute(input, manifest.output.node);
    const tensor = Array.isArray(output) ? output[0] : output;
    try {
      if (!(tensor instanceof tf.Tensor)) throw new Error(`model ${manifest.id} gave no detections`);
      const rows = await tensor.data();
      return detectionsFromRows(rows, {
        labels: manifest.labels,
        size,
        minScore: Math.max(minScore, manifest.threshold),
      });
    } finally {
      tf.dispose([input, output]);
    }
  }

  /** The first run compiles; nobody should wait for it later. */
  async warmUp(): Promise<void> {
    const size = this.inputSize;
    await this.detect({ width: size, height: size, data: new Uint8Array(size * size * 3) }, 1);
  }

  close(): void {
    this.#graph.dispose();
  }
}

async function loadGraph(model: Model): Promise<GraphModel> {
  const file = model.manifest.graph;
  const graph = Graph.parse(JSON.parse((await model.read(file)).toString('utf8')));
  const weights = await Promise.all(
    graph.weightsManifest.flatMap(({ paths }) =>
      paths.map((name) => model.read(path.posix.join(path.posix.dirname(file), name))),
    ),
  );
  const all = Buffer.concat(weights);
  return loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology: graph.modelTopology,
        ...(graph.signature === undefined ? {} : { signature: graph.signature }),
        weightSpecs: graph.weightsManifest.flatMap(({ weights: specs }) => specs) as never,
        weightData: all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength),
      }),
  });
}

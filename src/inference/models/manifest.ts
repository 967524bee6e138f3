import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';

/** What a model folder says about itself, in its `manifest.json`. */
export const ModelManifest = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  task: z.enum(['objects']),
  description: z.string(),
  engine: z.enum(['tfjs-graph']),
  /** The npm package that carries the files; absent when they lie beside the manifest. */
  package: z.string().optional(),
  /** Path of the graph; its weights are named in it, relative to it. */
  graph: z.string(),
  /** Of each file, hexadecimal. */
  sha256: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
  licence: z.string(),
  input: z.strictObject({
    /** Side of the square, pixels. */
    size: z.number().int().min(16).max(4096),
    /** Grey of what the picture does not fill, 0 to 255. */
    padding: z.number().int().min(0).max(255),
  }),
  output: z.strictObject({ node: z.string(), format: z.enum(['x1y1x2y2-score-class']) }),
  /** Scores below it are noise. */
  threshold: z.number().min(0).max(1),
  labels: z.array(z.string()).min(1),
});
export type ModelManifest = z.output<typeof ModelManifest>;

export interface Model {
  readonly manifest: ModelManifest;
  /** Reads a file of the model. @throws Error when it is absent or its checksum is not the manifest's. */
  read(file: string): Promise<Buffer>;
}

/** The model that comes with the program. */
export const DEFAULT_MODEL = path.join(import.meta.dirname, 'centernet');

/** @throws Error that names the folder and what is wrong with it. */
export async function openModel(folder: string): Promise<Model> {
  const manifest = await readManifest(folder);
  const root = manifest.package === undefined ? folder : packageRoot(manifest.package);
  return {
    manifest,
    async read(file) {
      const full = path.resolve(root, file);
      if (!full.startsWith(path.resolve(root) + path.sep))
        throw new Error(`model ${manifest.id}: ${file} is outside`);
      const content = await readFile(full);
      const digest = createHash('sha256').update(content).digest('hex');
      if (digest !== manifest.sha256[file])
        throw new Error(`model ${manifest.id}: checksum of ${file} is wrong`);
      return content;
    },
  };
}

async function readManifest(folder: string): Promise<ModelManifest> {
  const file = path.join(folder, 'manifest.json');
  const parsed = ModelManifest.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
}

function packageRoot(name: string): string {
  const require = createRequire(import.meta.url);
  for (const base of require.resolve.paths(name) ?? []) {
    const root = path.join(base, name);
    try {
      require.resolve(path.join(root, 'package.json'));
      return root;
    } catch {
      continue;
    }
  }
  throw new Error(`the package ${name} is not installed`);
}

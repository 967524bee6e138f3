import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { hasCode } from './files.ts';

/** The file in the root of a volume that says which volume it is, wherever it is mounted. */
export const MARKER_FILE = '.sightmesh-volume.json';

const Marker = z.object({ format: z.literal(1), id: z.uuid(), createdAt: z.string() });

export interface Volume {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
}

export interface VolumeSpace {
  readonly totalBytes: number;
  /** What an unprivileged process may still write. */
  readonly freeBytes: number;
}

/** A volume cannot be used. `missing`: its folder or marker is not there, `failed`: it cannot be read or written. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly code: 'missing' | 'failed';
  constructor(code: 'missing' | 'failed', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Opens the volume in a folder, marking a new one. With `expect`, the folder must already hold the volume of that
 * id: an unmounted disk must not be taken for an empty one.
 *
 * @throws VolumeError
 */
export async function openVolume(path: string, options: { expect?: string } = {}): Promise<Volume> {
  const root = resolve(path);
  const known = await readMarker(root);
  if (known !== undefined) {
    if (options.expect !== undefined && known !== options.expect) {
      throw new VolumeError('missing', `${root} holds volume ${known}, not ${options.expect}.`);
    }
    return { id: known, path: root };
  }
  if (options.expect !== undefined) {
    throw new VolumeError('missing', `${root} holds no volume; is its disk mounted?`);
  }
  return { id: await writeMarker(root), path: root };
}

/** @throws VolumeError when the folder is gone or cannot be read. */
export async function volumeSpace(path: string): Promise<VolumeSpace> {
  try {
    const stats = await statfs(path);
    return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
  } catch (error) {
    throw failure(path, error);
  }
}

/** The id in the marker; undefined when there is none. @throws VolumeError for a marker that cannot be understood. */
export async function readMarker(root: string): Promise<string | undefined> {
  const file = join(root, MARKER_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw failure(file, error);
  }
  try {
    return Marker.parse(JSON.parse(text)).id;
  } catch (error) {
    throw new VolumeError('failed', `${file} is not the marker of a volume.`, { cause: error });
  }
}

async function writeMarker(root: string): Promise<string> {
  const id = randomUUID();
  const file = join(root, MARKER_FILE);
  try {
    await mkdir(root, { recursive: true });
    const handle = await open(file, 'wx');
    try {
      const marker = { format: 1, id, createdAt: new Date().toISOString() };
      await handle.writeFile(`${JSON.stringify(marker)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(root);
    return id;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw failure(root, error);
    const other = await readMarker(root);
    if (other === undefined) throw new VolumeError('failed', `${file} comes and goes.`);
    return other;
  }
}

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the folder of a file below a volume, and returns the absolute path of the file. */
export async function prepareFolder(volume: Volume, path: string): Promise<string> {
  const file = join(volume.path, path);
  await mkdir(dirname(file), { recursive: true });
  return file;
}

function failure(path: string, error: unknown): VolumeError {
  const gone = hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
  const why = error instanceof Error ? error.message : String(error);
  return new VolumeError(gone ? 'missing' : 'failed', `${path}: ${why}`, { cause: error });
}

import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder, type VolumeSpace, volumeSpace } from '../volume.ts';
import type { PlaybackBody } from '../player.ts';
import { roomOf, sizeText } from '../volume-room.ts';
import { hasCode } from '../files.ts';

export interface ExportFolderOptions {
  readonly path: string;
  /** Of all exports together, bytes; null takes a tenth of the disk. */
  readonly maxBytes: number | null;
  readonly space?: (path: string) => Promise<VolumeSpace>;
}

const NAME = /^([0-9a-f-]{36})\.zip(\.part)?$/;

/** The files of the exports of this node. */
export class ExportFolder {
  readonly #path: string;
  readonly #maxBytes: number | null;
  readonly #space: (path: string) => Promise<VolumeSpace>;

  constructor({ path: folder, maxBytes, space }: ExportFolderOptions) {
    this.#path = folder;
    this.#maxBytes = maxBytes;
    this.#space = space ?? volumeSpace;
  }

  /** Makes the folder and gives the place where the file of an export is written. */
  async part(id: string): Promise<string> {
    await mkdir(this.#path, { recursive: true, mode: 0o750 });
    return `${this.#file(id)}.part`;
  }

  /** What was written is whole: it gets its name, durably. */
  async keep(id: string): Promise<void> {
    await rename(`${this.#file(id)}.part`, this.#file(id));
    await syncFolder(this.#path);
  }

  /** Length of the finished file; undefined when there is none here. */
  async bytes(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.#file(id))).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Undefined when the file is not here. */
  async open(id: string): Promise<PlaybackBody | undefined> {
    const bytes = await this.bytes(id);
    if (bytes === undefined) return undefined;
    const file = this.#file(id);
    return {
      stream: createReadStream(file),
      contentType: 'application/zip',
      bytes,
      slice: (range) => createReadStream(file, range),
    };
  }

  /** Why so many bytes more cannot be written, for a person; null when they can. */
  async shortage(more: number): Promise<string | null> {
    await mkdir(this.#path, { recursive: true, mode: 0o750 });
    const { minFreeBytes, floorBytes, freeBytes, totalBytes } = roomOf(await this.#space(this.#path), null);
    const limit = this.#maxBytes ?? Math.floor(totalBytes / 10);
    const used = await this.#used();
    if (used + more > limit) {
      const room = sizeText(Math.max(0, limit - used));
      return `It needs ${sizeText(more)}, of the ${sizeText(limit)} for exports (exports.maxSize) ${room} are left: remove some, or export less.`;
    }
    // Recordings may go for an export, but not faster than retention can follow.
    const keep = Math.max(2 * floorBytes, minFreeBytes / 2);
    return freeBytes - more >= keep
      ? null
      : `It needs ${sizeText(more)}, only ${sizeText(freeBytes)} are free on the disk.`;
  }

  /** Ids of the exports of which there are files, whole or not. */
  async ids(): Promise<string[]> {
    return [...new Set((await this.#names()).flatMap((name) => NAME.exec(name)?.[1] ?? []))];
  }

  async remove(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
    await this.discard(id);
  }

  /** Removes what is not whole. */
  async discard(id: string): Promise<void> {
    await rm(`${this.#file(id)}.part`, { force: true });
  }

  async #used(): Promise<number> {
    const sizes = (await this.#names()).map((name) =>
      stat(path.join(this.#path, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#path)).filter((name) => NAME.test(name));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #file(id: string): string {
    if (!NAME.test(`${id}.zip`)) throw new Error(`${JSON.stringify(id)} is no id of an export`);
    return path.join(this.#path, `${id}.zip`);
  }
}

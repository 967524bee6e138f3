import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { SyncTarget } from './sync-group.ts';

export interface WrittenPart {
  readonly bytes: number;
  /** Milliseconds since 1970 of the end of the last sample. */
  readonly to: number;
}

/**
 * One file that only grows. `durable` follows `written` as the file is synced. After a failed write the file is cut
 * back to its last whole fragment.
 */
export class SegmentFile implements SyncTarget {
  readonly path: string;
  readonly #handle: FileHandle;
  #written: WrittenPart;
  #durable: WrittenPart;
  #syncing: Promise<void> = Promise.resolve();
  /** Why the file could not be made durable. */
  syncError: unknown;

  private constructor(path: string, handle: FileHandle, from: number) {
    this.path = path;
    this.#handle = handle;
    this.#written = { bytes: 0, to: from };
    this.#durable = this.#written;
  }

  /** @throws NodeJS.ErrnoException `EEXIST` for a file that exists: recordings are never overwritten */
  static async create(path: string, from: number): Promise<SegmentFile> {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
    return new SegmentFile(path, handle, from);
  }

  get written(): WrittenPart {
    return this.#written;
  }

  get durable(): WrittenPart {
    return this.#durable;
  }

  /** Appends buffers that end with a whole fragment. @throws NodeJS.ErrnoException and leaves the file as it was */
  async append(buffers: readonly Buffer[], to: number): Promise<void> {
    const start = this.#written.bytes;
    try {
      const bytes = await this.#writeAll(buffers, start);
      this.#written = { bytes: start + bytes, to: Math.max(to, this.#written.to) };
    } catch (error) {
      await this.#handle.truncate(start).catch(() => undefined);
      throw error;
    }
  }

  sync(): Promise<void> {
    const mine = this.#syncing.then(async () => {
      const written = this.#written;
      if (written === this.#durable) return;
      try {
        await this.#handle.datasync();
        this.#durable = written;
      } catch (error) {
        this.syncError = error;
        throw error;
      }
    });
    this.#syncing = mine.catch(() => undefined);
    return mine;
  }

  /** Syncs and closes. @throws NodeJS.ErrnoException when it could not be made durable; it is closed all the same */
  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#handle.close();
    }
  }

  async #writeAll(buffers: readonly Buffer[], start: number): Promise<number> {
    let total = 0;
    for (const buffer of buffers) total += buffer.length;
    const { bytesWritten } = await this.#handle.writev(buffers, start);
    for (let done = bytesWritten; done < total;) {
      // A short write is rare (a disk that fills up): only then the rest is copied together.
      const rest = Buffer.concat(buffers).subarray(done);
      const more = await this.#handle.write(rest, 0, rest.length, start + done);
      if (more.bytesWritten === 0) throw new Error('the disk takes no more bytes');
      done += more.bytesWritten;
    }
    return total;
  }
}

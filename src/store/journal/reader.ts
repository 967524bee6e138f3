import { open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isJournalFile, type JournalLine, parseLines } from './format.ts';

const CHUNK_BYTES = 256 * 1024;

interface JournalFile {
  readonly path: string;
  /** Bytes that are known to be on disk. */
  size: number;
}

/** Reads the files of a journal in order, up to what is durable, and removes those that are done with. */
export class JournalReader {
  readonly #files: JournalFile[];
  readonly #finished: string[] = [];
  #offset = 0;
  damaged = 0;

  private constructor(files: JournalFile[]) {
    this.#files = files;
  }

  /** With the files that are in the folder now. */
  static async open(folder: string): Promise<JournalReader> {
    const names = (await readdir(folder)).filter(isJournalFile).sort();
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(folder, name);
        return { path: file, size: (await stat(file)).size };
      }),
    );
    return new JournalReader(files);
  }

  /** The number that the oldest file begins with; 0 when there is none. */
  get firstSequence(): number {
    return Number(path.basename(this.#files[0]?.path ?? '', '.log'));
  }

  /** The file now has this many durable bytes; it is a new one when it was not named before. */
  extend(file: string, size: number): void {
    const last = this.#files.at(-1);
    if (last?.path === file) last.size = size;
    else this.#files.push({ path: file, size });
  }

  /** The next lines; empty when there are none for now. */
  async read(): Promise<JournalLine[]> {
    for (;;) {
      const file = this.#files[0];
      if (file === undefined) return [];
      if (this.#offset < file.size) {
        const lines = await this.#readFrom(file);
        if (lines.length > 0) return lines;
      } else if (this.#files.length > 1) {
        this.#next();
      } else {
        return [];
      }
    }
  }

  /** Removes the files whose lines were all given out; call it when they are applied. */
  async removeFinished(): Promise<void> {
    for (const file of this.#finished.splice(0)) await rm(file, { force: true });
  }

  #next(): void {
    const done = this.#files.shift();
    if (done !== undefined) this.#finished.push(done.path);
    this.#offset = 0;
  }

  async #readFrom(file: JournalFile): Promise<JournalLine[]> {
    const handle = await open(file.path, 'r');
    try {
      let length = Math.min(CHUNK_BYTES, file.size - this.#offset);
      for (;;) {
        const buffer = Buffer.allocUnsafe(length);
        const { bytesRead } = await handle.read(buffer, 0, length, this.#offset);
        const { lines, consumed, damaged } = parseLines(buffer.subarray(0, bytesRead));
        this.damaged += damaged;
        this.#offset += consumed;
        if (consumed > 0) return lines;
        if (bytesRead < length || length >= file.size - this.#offset) {
          // No newline up to the end: a write that was cut off by a crash.
          this.#offset = file.size;
          return lines;
        }
        length = Math.min(length * 2, file.size - this.#offset);
      }
    } finally {
      await handle.close();
    }
  }
}

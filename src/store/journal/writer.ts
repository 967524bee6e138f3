import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { JournalEntry } from '../types.ts';
import { encodeLine, fileName } from './format.ts';

export interface JournalWriterOptions {
  readonly folder: string;
  /** Number of the first entry. */
  readonly first: number;
  /** A new file is begun beyond this size, bytes. */
  readonly fileBytes: number;
  /** Entries that may wait for the disk; more are refused. */
  readonly maxWaiting: number;
  readonly onDurable: (file: string, size: number) => void;
}

interface Waiting {
  readonly entry: JournalEntry;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  size: number;
}

/** Appends to files in groups: all that waits goes out in one write and one fdatasync. */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  #next: number;
  #durable: number;
  #waiting: Waiting[] = [];
  #file: OpenFile | undefined;
  #running: Promise<void> | undefined;

  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#next = options.first;
    this.#durable = options.first - 1;
  }

  /** Number of the newest entry on disk. */
  get durable(): number {
    return this.#durable;
  }

  /** Resolves when the entry is on disk. */
  append(entry: JournalEntry): Promise<void> {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(new Error('the journal is too far behind: the disk is too slow'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that waits is on disk or refused. */
  async flush(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    // One turn of the event loop gathers what is appended together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(group.map(({ entry }) => entry));
        for (const { resolve } of group) resolve();
      } catch (error) {
        await this.#giveUpFile();
        const reason = error instanceof Error ? error : new Error(String(error));
        for (const { reject } of group) reject(reason);
      }
    }
    this.#running = undefined;
  }

  /** Numbers are used once, even when the write fails: half of it may be on disk. */
  async #write(entries: readonly JournalEntry[]): Promise<void> {
    const first = this.#next;
    this.#next += entries.length;
    const data = Buffer.from(
      entries.map((entry, index) => encodeLine({ sequence: first + index, entry })).join(''),
    );
    const file = (this.#file ??= await this.#open(first));
    await writeAll(file.handle, data, file.size);
    await file.handle.datasync();
    file.size += data.length;
    this.#durable = this.#next - 1;
    this.#options.onDurable(file.path, file.size);
    if (file.size >= this.#options.fileBytes) {
      this.#file = undefined;
      await file.handle.close();
    }
  }

  async #open(first: number): Promise<OpenFile> {
    const file = path.join(this.#options.folder, fileName(first));
    const handle = await open(file, 'wx', 0o600);
    await syncFolder(this.#options.folder);
    return { path: file, handle, size: 0 };
  }

  /** After a failed write or sync nothing is known about the file: the next entry begins another one. */
  async #giveUpFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await file.handle.truncate(file.size).catch(() => undefined);
    await file.handle.close().catch(() => undefined);
  }
}

async function writeAll(handle: FileHandle, data: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < data.length) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, position + written);
    written += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * The worker's side of a small file that outlives it: on which stream it works at this moment. Native code that meets
 * hostile input takes its process along; what is written here tells whose input it was.
 */
export class BlackBox {
  readonly #file: number;
  readonly #cell = Buffer.alloc(4);
  #current = 0;

  /** @throws Error when the file cannot be written. */
  constructor(path: string) {
    this.#file = openSync(path, 'w');
    this.#write();
  }

  /** @param stream 0 for none */
  set(stream: number): void {
    if (stream === this.#current) return;
    this.#current = stream;
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    this.#cell.writeUInt32LE(this.#current);
    writeSync(this.#file, this.#cell, 0, 4, 0);
  }
}

/** The stream on which the worker worked last; 0 when it was on none or left no word. */
export async function readBlackBox(path: string): Promise<number> {
  try {
    const content = await readFile(path);
    return content.length >= 4 ? content.readUInt32LE(0) : 0;
  } catch {
    return 0;
  }
}

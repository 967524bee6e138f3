import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from '../errors.ts';
import type { Journal, JournalEntry, JournalSink } from '../types.ts';
import { Applier } from './applier.ts';
import { isJournalFile, parseLines } from './format.ts';
import { JournalReader } from './reader.ts';
import { JournalWriter } from './writer.ts';

export interface JournalOptions {
  readonly folder: string;
  readonly node: string;
  readonly sink: JournalSink;
  /** Default 8 MiB. */
  readonly fileBytes?: number;
  /** Milliseconds before the first retry when the store takes nothing, and at most. Default 250 and 5,000. */
  readonly retryMs?: readonly [first: number, most: number];
  /** How long `close` waits for the store, milliseconds. Default 2,000. What is left is applied at the next start. */
  readonly closeMs?: number;
  /** A sentence when the store takes nothing, null when it does again. */
  readonly onProblem?: (problem: string | null) => void;
}

/**
 * Opens the journal of this node and begins to carry what is in it into the store, which may be away.
 * @throws Error when the folder cannot be used, or the store fails otherwise than by being away.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, node, sink } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const cursor = await cursorOf(sink, node);
  const newest = await newestSequence(folder);
  const reader = await JournalReader.open(folder);
  const applier = new Applier({
    folder,
    node,
    sink,
    reader,
    cursor,
    retryMs: options.retryMs ?? [250, 5_000],
    onProblem: options.onProblem ?? (() => undefined),
  });
  const first = Math.max(cursor ?? Date.now(), newest) + 1;
  const writer = new JournalWriter({
    folder,
    first,
    fileBytes: options.fileBytes ?? 8 * 1024 * 1024,
    maxWaiting: 20_000,
    onDurable: (file, size) => {
      reader.extend(file, size);
      applier.wake();
    },
  });
  return new FileJournal(reader, writer, applier, { newest, first }, options.closeMs ?? 2_000);
}

/**
 * How far the store is; undefined when it is away. Then entries are numbered from the time in milliseconds on, which is
 * above any cursor, since no node writes a thousand entries a second for ever.
 */
async function cursorOf(sink: JournalSink, node: string): Promise<number | undefined> {
  try {
    return await sink.cursor(node);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

class FileJournal implements Journal {
  readonly #reader: JournalReader;
  readonly #writer: JournalWriter;
  readonly #applier: Applier;
  readonly #numbers: { readonly newest: number; readonly first: number };
  readonly #closeMs: number;
  #appended = 0;
  #closed: Promise<void> | undefined;

  constructor(
    reader: JournalReader,
    writer: JournalWriter,
    applier: Applier,
    /** The newest that an earlier life left behind, and the first of this one. */
    numbers: { readonly newest: number; readonly first: number },
    closeMs: number,
  ) {
    this.#reader = reader;
    this.#writer = writer;
    this.#applier = applier;
    this.#numbers = numbers;
    this.#closeMs = closeMs;
  }

  get stats(): Journal['stats'] {
    return {
      waiting: this.#waiting(),
      appended: this.#appended,
      applied: this.#applier.applied,
      damaged: this.#reader.damaged + this.#applier.rejected,
      problem: this.#applier.problem,
    };
  }

  async append(entry: JournalEntry): Promise<void> {
    if (this.#closed !== undefined) throw new Error('the journal is closed');
    await this.#writer.append(entry);
    this.#appended += 1;
  }

  async drained(): Promise<void> {
    await this.#writer.flush();
    await this.#applier.drained(this.#newest());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#writer.close();
    const patience = new AbortController();
    const late = delay(this.#closeMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.#applier.drained(this.#newest()).catch(() => undefined), late]);
    patience.abort();
    await this.#applier.stop();
  }

  /** Number up to which the store is to be filled. */
  #newest(): number {
    return this.#appended > 0 ? this.#writer.durable : this.#numbers.newest;
  }

  /** Entries of earlier lives and of this one; there may be a hole in the numbers between them. */
  #waiting(): number {
    const { newest, first } = this.#numbers;
    const { cursor } = this.#applier;
    return Math.max(0, newest - cursor) + Math.max(0, this.#newest() - Math.max(cursor, first - 1));
  }
}

/** The greatest number in the files; 0 when there is none. */
async function newestSequence(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter(isJournalFile).sort().reverse();
  for (const name of names) {
    const { lines } = parseLines(await readFile(path.join(folder, name)));
    const last = lines.at(-1);
    if (last !== undefined) return last.sequence;
  }
  return 0;
}

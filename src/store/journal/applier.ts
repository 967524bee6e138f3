import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from '../errors.ts';
import type { JournalSink } from '../types.ts';
import { encodeLine, type JournalLine } from './format.ts';
import type { JournalReader } from './reader.ts';

export interface ApplierOptions {
  readonly folder: string;
  readonly node: string;
  readonly sink: JournalSink;
  readonly reader: JournalReader;
  /** How far the store was when the journal was opened; undefined when it was away: then it is asked later. */
  readonly cursor: number | undefined;
  /** Milliseconds before the first retry and at most, doubled in between. */
  readonly retryMs: readonly [first: number, most: number];
  /** A sentence when the store takes nothing, null when it does again. */
  readonly onProblem: (problem: string | null) => void;
}

interface Drained {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The store itself says that no entry is to blame. */
const isAway = (error: unknown): boolean => error instanceof StoreUnavailableError;

/** Tries of one entry before it is set aside. */
const TRIES = 3;

/**
 * Carries lines from the files into the store, in order, for as long as it takes. While the store is away at most one
 * reading of the files is in memory.
 */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #stopping = new AbortController();
  readonly #drained = new Set<Drained>();
  readonly #running: Promise<void>;
  #wake: (() => void) | undefined;
  /** Something was written since the files were looked at. */
  #more = false;
  #problem: string | null = null;
  #cursor: number;
  #cursorKnown: boolean;
  /** Number of the line that was set aside last. */
  #setAsideLast = 0;
  applied = 0;
  /** Entries that the store did not take although it took others; kept in `rejected.jsonl`. */
  rejected = 0;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#cursor = options.cursor ?? Math.max(0, options.reader.firstSequence - 1);
    this.#cursorKnown = options.cursor !== undefined;
    this.#running = this.#run();
  }

  get cursor(): number {
    return this.#cursor;
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** There is more to read. */
  wake(): void {
    this.#more = true;
    this.#wake?.();
  }

  /** Resolves when everything up to this number is in the store. */
  drained(upTo: number): Promise<void> {
    if (upTo <= this.#cursor) return Promise.resolve();
    if (this.#stopping.signal.aborted) return Promise.reject(new Error('the journal is closed'));
    return new Promise((resolve, reject) => {
      this.#drained.add({ upTo, resolve, reject });
      this.wake();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
    for (const { reject } of this.#drained) reject(new Error('the journal is closed'));
    this.#drained.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    let lines: JournalLine[] = [];
    while (!signal.aborted) {
      try {
        await this.#learnCursor();
        if (lines.length === 0) {
          this.#more = false;
          lines = await this.#options.reader.read();
        }
        if (lines.length === 0) {
          await this.#sleep();
          continue;
        }
        await this.#apply(lines.filter((line) => line.sequence > this.#cursor));
        lines = [];
        failures = 0;
        this.#tell(null);
        await this.#options.reader.removeFinished();
      } catch (error) {
        failures += 1;
        this.#tell(error instanceof Error ? error.message : String(error));
        const [first, most] = this.#options.retryMs;
        await delay(Math.min(most, first * 2 ** (failures - 1)), undefined, { signal }).catch(
          () => undefined,
        );
        if (isAway(error) || failures % TRIES !== 0) continue;
        lines = await this.#oneByOne(lines);
        if (lines.length > 0) continue;
        failures = 0;
        this.#tell(null);
      }
    }
  }

  async #learnCursor(): Promise<void> {
    if (this.#cursorKnown) return;
    this.#advance(await this.#options.sink.cursor(this.#options.node));
    this.#cursorKnown = true;
  }

  async #apply(lines: readonly JournalLine[]): Promise<void> {
    const last = lines.at(-1);
    if (last === undefined) return;
    await this.#options.sink.apply(
      this.#options.node,
      last.sequence,
      lines.map((line) => line.entry),
    );
    this.applied += lines.length;
    this.#advance(last.sequence);
  }

  /** Finds the entry that the store refuses and sets it aside. Returns what is still to be applied. */
  async #oneByOne(lines: readonly JournalLine[]): Promise<JournalLine[]> {
    const rest = lines.filter((line) => line.sequence > this.#cursor);
    for (const line of rest.slice()) {
      try {
        await this.#apply([line]);
      } catch (error) {
        if (isAway(error) || !(await this.#setAside(line))) return rest;
      }
      rest.shift();
    }
    return rest;
  }

  /** False when the store takes nothing at all: then the entry is not to blame. */
  async #setAside(line: JournalLine): Promise<boolean> {
    try {
      if (line.sequence > this.#setAsideLast) {
        const file = path.join(this.#options.folder, 'rejected.jsonl');
        await appendFile(file, encodeLine(line), { mode: 0o600 });
        this.#setAsideLast = line.sequence;
      }
      await this.#options.sink.apply(this.#options.node, line.sequence, []);
    } catch {
      return false;
    }
    this.rejected += 1;
    this.#advance(line.sequence);
    return true;
  }

  #advance(sequence: number): void {
    this.#cursor = sequence;
    for (const waiting of this.#drained) {
      if (waiting.upTo > sequence) continue;
      this.#drained.delete(waiting);
      waiting.resolve();
    }
  }

  /** Until there is more. All that is on disk is in the store now, but for lines that were damaged. */
  #sleep(): Promise<void> {
    if (this.#more || this.#stopping.signal.aborted) return Promise.resolve();
    for (const { resolve } of this.#drained) resolve();
    this.#drained.clear();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}

import type { InitSegment } from '../fmp4/init.ts';
import type { Fragment } from '../types.ts';
import { OpenSegment } from './open-segment.ts';
import type { SyncGroup } from './sync-group.ts';
import {
  type SegmentIdentity,
  type SegmentPlace,
  type SegmentRow,
  type StorageProblem,
  storageProblem,
} from './types.ts';

export interface SegmentWriterOptions {
  readonly identity: SegmentIdentity;
  readonly sync: SyncGroup;
  /**
   * Where the segment that begins at `start` (milliseconds since 1970, whole) goes; its folder exists then.
   * @throws StorageProblem or NodeJS.ErrnoException when it cannot go anywhere now
   */
  place(start: number): Promise<SegmentPlace>;
  /** When a segment opens, every 10 s while it grows, and when it is closed. */
  onRow(row: SegmentRow): void;
  /** Fragments are lost from now on; `undefined` when writing works again. */
  onProblem(problem: StorageProblem | undefined): void;
  /** About how long a segment is; it ends at the next key frame. Default 60,000. */
  readonly maxMs?: number;
  /** Between rows of a growing segment. Default 10,000. */
  readonly rowMs?: number;
  /** After a failure. Default 1,000. */
  readonly retryMs?: number;
}

export interface SegmentWriterStats {
  segments: number;
  fragments: number;
  bytes: number;
  /** Fragments lost by failures of the storage. */
  lost: number;
}

/** A break of more than this begins a new segment. */
const MAX_BREAK_MS = 2_000;

/**
 * Writes the fragments of one stream to files of about a minute: each begins with its own init segment and a key frame,
 * counts from zero, and is described by its own boxes. A new one begins when the codec parameters change, after a break
 * of more than 2 s, and after a failure. One write per batch of fragments; the queue is the reader's.
 */
export class SegmentWriter {
  readonly stats: SegmentWriterStats = { segments: 0, fragments: 0, bytes: 0, lost: 0 };
  readonly #options: SegmentWriterOptions;
  readonly #maxMs: number;
  readonly #rowMs: number;
  #init: InitSegment | undefined;
  #open: OpenSegment | undefined;
  #problem: StorageProblem | undefined;
  /** The segment that has a row in the index, and when its newest one was made. */
  #rowOf: OpenSegment | undefined;
  #rowAt = 0;
  #blockedUntil = 0;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#maxMs = options.maxMs ?? 60_000;
    this.#rowMs = options.rowMs ?? 10_000;
  }

  /** The segment that is being written. */
  get open(): SegmentRow | undefined {
    return this.#open?.row('written', false);
  }

  get problem(): StorageProblem | undefined {
    return this.#problem;
  }

  init(init: InitSegment): void {
    this.#init = init;
  }

  /** One call at a time. Never rejects: failures go to `onProblem`. */
  async write(batch: readonly Fragment[]): Promise<void> {
    for (const fragment of batch) {
      if (this.#mustEnd(fragment)) await this.#end();
      if (this.#open === undefined) await this.#begin(fragment);
      if (this.#open === undefined) this.stats.lost += 1;
      else this.#open.add(fragment);
    }
    await this.#writeOut();
  }

  /** Ends the open segment. Not while `write` runs. */
  async close(): Promise<void> {
    await this.#end();
  }

  #mustEnd(fragment: Fragment): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    const gap = fragment.time - open.to;
    return (
      open.init !== this.#init ||
      (fragment.discontinuity && Math.abs(gap) > MAX_BREAK_MS) ||
      (fragment.key && fragment.time - open.from >= this.#maxMs)
    );
  }

  async #begin(fragment: Fragment): Promise<void> {
    const init = this.#init;
    if (!fragment.key || init?.generation !== fragment.generation || performance.now() < this.#blockedUntil)
      return;
    const { identity } = this.#options;
    try {
      this.#open = await OpenSegment.create(identity, init, fragment, (start) => this.#options.place(start));
      this.stats.segments += 1;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #writeOut(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    try {
      const written = await open.write();
      if (written.bytes === 0) return;
      this.stats.bytes += written.bytes;
      this.stats.fragments += written.fragments;
    } catch (error) {
      this.stats.lost += open.pending;
      this.#failed(error);
      await this.#finish();
      return;
    }
    this.#works();
    this.#options.sync.mark(open.file);
    const due = performance.now() - this.#rowAt >= this.#rowMs;
    if (this.#rowOf !== open) this.#report(open, open.row('written', false));
    else if (due) this.#report(open, open.row('durable', false));
  }

  async #end(): Promise<void> {
    await this.#writeOut();
    await this.#finish();
  }

  /** Closes the open segment as it is on disk. */
  async #finish(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#options.sync.forget(open.file);
    try {
      await open.close();
    } catch (error) {
      this.#failed(error);
    }
    if (this.#rowOf === open) this.#report(open, open.row('written', true));
  }

  #report(open: OpenSegment, row: SegmentRow): void {
    this.#rowOf = open;
    this.#rowAt = performance.now();
    this.#options.onRow(row);
  }

  #failed(error: unknown): void {
    this.#blockedUntil = performance.now() + (this.#options.retryMs ?? 1_000);
    this.#problem = storageProblem(error);
    this.#options.onProblem(this.#problem);
  }

  #works(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.onProblem(undefined);
  }
}

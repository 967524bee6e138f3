import type { SegmentRecord, Store } from '../store/types.ts';
import { days, type Interval } from './intervals.ts';
import { JOINED_MS, type LocatedSegment, spanOf } from './playback/plan.ts';
import type { SegmentIndexes } from './segment-index.ts';
import type { VolumeSet } from './volume-set.ts';

export interface FinderParts {
  readonly store: { readonly segments: Pick<Store['segments'], 'find' | 'get'> };
  readonly volumes: Pick<VolumeSet, 'resolve'>;
  readonly indexes: SegmentIndexes;
  /** The path of a segment whose volume is not here; undefined when nobody has it now. */
  readonly elsewhere?: ((record: SegmentRecord) => string | undefined) | undefined;
}

/** Finds what was recorded of the main stream of a camera, what is being written included. */
export class SegmentFinder {
  readonly #parts: FinderParts;

  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /**
   * The rows that overlap a range, by `from`. Those of open segments reach as far as their files do, when those are here.
   */
  async rows(camera: string, range: Interval): Promise<SegmentRecord[]> {
    const { segments } = this.#parts.store;
    const of = { camera, stream: 'main' };
    const rows = new Map<string, SegmentRecord>();
    // Day by day: a month of rows in one answer would hold up everything else.
    for (const day of days(range)) {
      for (const row of await segments.find({ ...of, ...day })) rows.set(row.id, row);
    }
    for (const row of await segments.find({ ...of, to: range.to, closed: false })) rows.set(row.id, row);
    const known = await Promise.all([...rows.values()].map((row) => this.#grown(row)));
    return known.filter(({ to }) => to > range.from).sort((a, b) => a.from - b.from || a.replica - b.replica);
  }

  /** Those whose files can be read, a little beyond the range too: `planRange` wants to see its neighbours. */
  async located(camera: string, range: Interval): Promise<LocatedSegment[]> {
    const wide = { from: range.from - JOINED_MS, to: range.to + JOINED_MS };
    return (await this.rows(camera, wide)).flatMap((row) => this.locate(row) ?? []);
  }

  get(id: string): Promise<SegmentRecord | undefined> {
    return this.#parts.store.segments.get(id);
  }

  /** Undefined when its volume is neither here nor on a node that is alive. */
  locate(record: SegmentRecord): LocatedSegment | undefined {
    const path = this.#pathOf(record);
    return path === undefined
      ? undefined
      : { record, path, from: record.from, to: record.to, replica: record.replica };
  }

  #pathOf(record: SegmentRecord): string | undefined {
    const { volumes, elsewhere } = this.#parts;
    return volumes.resolve(record) ?? elsewhere?.(record);
  }

  /** A row that is being written is behind its file by some seconds. */
  async #grown(row: SegmentRecord): Promise<SegmentRecord> {
    const path = row.closed ? undefined : this.#pathOf(row);
    if (path === undefined) return row;
    const span = await spanOf(this.#parts.indexes, path, row.from).catch(() => undefined);
    return span === undefined ? row : { ...row, to: Math.max(row.to, Math.round(span.to)) };
  }
}

import type { Cause, SegmentRecord, Store } from '../store/types.ts';
import { type Coverage, coverageOf, JOIN_TOLERANCE_MS, type Outage } from './coverage.ts';
import { type Interval, merge } from './intervals.ts';

export interface CoverageParts {
  readonly store: Pick<Store, 'segments' | 'outages' | 'wanted'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What is known to be recorded of one camera on one day. */
interface Day {
  recorded: Interval[];
  /** Rows that end later than this may be new. */
  settled: number;
}

const DAY_MS = 86_400_000;
/** Rows of open segments are behind by as much, and may still grow. */
const ROW_MS = 15_000;
const KEPT_DAYS = 4_000;

/**
 * The coverage of cameras by day, cheap enough to be asked for all the time: what was read of a day is remembered, only
 * what came since is read.
 */
export class CoverageBook {
  readonly #parts: CoverageParts;
  readonly #days = new Map<string, Day>();

  constructor(parts: CoverageParts) {
    this.#parts = parts;
  }

  /** 0 to 1 of the wanted time since midnight UTC; null when nothing was wanted. */
  async today(camera: string): Promise<number | null> {
    return (await this.day(camera, this.#parts.now())).coverage;
  }

  /** Seconds that are missing since midnight UTC, by cause. */
  async gapSecondsToday(camera: string): Promise<Partial<Record<Cause, number>>> {
    const seconds: Partial<Record<Cause, number>> = {};
    for (const { cause, from, to } of (await this.day(camera, this.#parts.now())).gaps) {
      seconds[cause] = (seconds[cause] ?? 0) + (to - from) / 1000;
    }
    return seconds;
  }

  /** Of the UTC day in which the time lies, up to now. */
  async day(camera: string, time: number): Promise<Coverage> {
    const from = Math.floor(time / DAY_MS) * DAY_MS;
    const range = { from, to: from + DAY_MS };
    const recorded = await this.#recorded(camera, range);
    return this.coverage(camera, range, recorded);
  }

  /** Of any range, when what was recorded in it is known already. */
  async coverage(camera: string, range: Interval, recorded: readonly Interval[]): Promise<Coverage> {
    const { store, now } = this.#parts;
    const query = { camera, ...range };
    const [outages, wanted] = await Promise.all([store.outages.find(query), store.wanted.find(query)]);
    const ended = (to: number | null): number => to ?? Number.MAX_SAFE_INTEGER;
    return coverageOf({
      range,
      recorded,
      wanted: wanted.map(({ from, to }) => ({ from, to: ended(to) })),
      outages: outages.map(({ from, to, cause }): Outage => ({ from, to: ended(to), cause })),
      now: now(),
    });
  }

  /** After segments of the camera were removed, or found. */
  forget(camera: string): void {
    for (const key of this.#days.keys()) if (key.startsWith(`${camera} `)) this.#days.delete(key);
  }

  async #recorded(camera: string, range: Interval): Promise<Interval[]> {
    const key = `${camera} ${String(range.from)}`;
    const known = this.#days.get(key) ?? { recorded: [], settled: range.from };
    if (known.settled >= range.to) return known.recorded;
    const query = { camera, stream: 'main', to: range.to };
    const rows = await this.#parts.store.segments.find({ ...query, from: known.settled - 1 });
    const closed = rows.filter((row) => row.closed);
    const recorded = merge([...known.recorded, ...closed], JOIN_TOLERANCE_MS);
    const settled = this.#settledBy(rows, range, known.settled);
    this.#days.delete(key);
    this.#days.set(key, { recorded, settled });
    for (const oldest of this.#days.keys()) {
      if (this.#days.size <= KEPT_DAYS) break;
      this.#days.delete(oldest);
    }
    return merge([...recorded, ...rows.map(withGrowth(this.#parts.now()))], JOIN_TOLERANCE_MS);
  }

  /** Up to where no row can change or appear any more. */
  #settledBy(rows: readonly SegmentRecord[], range: Interval, before: number): number {
    const open = rows.filter((row) => !row.closed).map(({ from }) => from);
    const quiet = this.#parts.now() - 20 * ROW_MS;
    return Math.max(before, Math.min(range.to, quiet, ...open));
  }
}

/** A row that is being written is behind its file; while it is renewed, what it says is what there is. */
function withGrowth(now: number): (row: SegmentRecord) => Interval {
  return ({ from, to, closed }) => ({ from, to: !closed && now - to < ROW_MS ? now : to });
}

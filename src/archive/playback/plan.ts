import { isAway } from '../files.ts';
import { SegmentFormatError } from '../init-reader.ts';
import type { Interval } from '../intervals.ts';
import type { SegmentIndex, SegmentIndexes } from '../segment-index.ts';
import type { SegmentRecord } from '../../store/types.ts';
import { type Cut, cutSegment, type CutRange, keyTimes, segmentSpan } from './cut.ts';
import { type Selected, selectSegments } from './select.ts';

/** A segment whose file can be read. */
export interface LocatedSegment extends Interval {
  readonly record: SegmentRecord;
  /** Absolute, or what else the `SegmentFiles` know. */
  readonly path: string;
  readonly replica: number;
}

/** Two segments that are at most this far apart are one recording, milliseconds. */
export const JOINED_MS = 500;

/**
 * What to play of a range, in order. Where the range begins or ends in the seam between two segments, the one before
 * or behind belongs to it: its picture is the one that is shown at that time.
 *
 * @param segments those that overlap the range made wider by `JOINED_MS` at both ends
 */
export function planRange(segments: readonly LocatedSegment[], range: Interval): Selected<LocatedSegment>[] {
  const plan = selectSegments(segments, range);
  const before = segments.filter(({ to }) => to <= range.from).sort((a, b) => b.to - a.to)[0];
  const behind = segments
    .filter(({ from }) => from >= range.to)
    .sort((a, b) => a.from - b.from || a.replica - b.replica)[0];
  const begins = plan[0]?.segment.from ?? behind?.from ?? Infinity;
  const ends = plan.at(-1)?.segment.to ?? before?.to ?? -Infinity;
  const joins = (from: number, to: number): boolean => to - from <= JOINED_MS;
  const withBefore = before !== undefined && begins > range.from && joins(before.to, begins);
  const withBehind = behind !== undefined && joins(ends, behind.from);
  if (plan.length === 0 && !(withBefore && withBehind)) return [];
  return [
    ...(withBefore ? [{ segment: before }] : []),
    ...plan,
    ...(withBehind ? [{ segment: behind }] : []),
  ];
}

/**
 * The cuts of a plan, each made when it is asked for. A file that is gone or makes no sense is passed over.
 *
 * @throws NodeJS.ErrnoException when a file cannot be read
 */
export async function* cutsOf(
  plan: readonly Selected<LocatedSegment>[],
  range: Interval,
  indexes: SegmentIndexes,
): AsyncGenerator<Cut> {
  let reached = Number.NEGATIVE_INFINITY;
  for (const [at, selected] of plan.entries()) {
    const { segment } = selected;
    // The one behind the range is needed only when no frame at or after its end came yet.
    if (segment.from >= range.to && reached >= range.to) return;
    const index = await tryRead(indexes, segment.path);
    if (index === undefined) continue;
    const next = plan[at + 1];
    const before = next?.overlapEnd === undefined ? undefined : await takeOver(next, indexes);
    const cut = cutSegment(index, segment.from, rangeFor(selected, range, before));
    if (cut === undefined) continue;
    reached = Math.max(reached, lastShown(cut));
    yield cut;
  }
}

function rangeFor(
  { overlapEnd }: Selected<LocatedSegment>,
  range: Interval,
  before: number | undefined,
): CutRange {
  const from = Math.max(range.from, overlapEnd ?? Number.NEGATIVE_INFINITY);
  return { from, to: range.to, ...(before === undefined ? {} : { before }) };
}

/** When the segment takes over from the one before it. */
async function takeOver(
  { segment, overlapEnd = Infinity }: Selected<LocatedSegment>,
  indexes: SegmentIndexes,
): Promise<number | undefined> {
  const index = await tryRead(indexes, segment.path);
  if (index === undefined) return undefined;
  const keys = keyTimes(index, segment.from);
  return keys.findLast((time) => time <= overlapEnd) ?? keys[0];
}

/** Milliseconds since 1970 of the frame that is shown last. */
function lastShown({ to, fragments, index }: Cut): number {
  const lead = index.tracks.find(({ kind }) => kind === 'video') ?? index.tracks[0];
  const run = fragments.flat().findLast(({ kind }) => kind === lead?.kind);
  return to - ((run?.durations.at(-1) ?? 0) * 1000) / (lead?.timescale ?? 1000);
}

/** The index of a segment file; undefined when it is gone or no segment. */
export async function tryRead(indexes: SegmentIndexes, path: string): Promise<SegmentIndex | undefined> {
  try {
    return await indexes.read(path);
  } catch (error) {
    if (isAway(error) || error instanceof SegmentFormatError) return undefined;
    throw error;
  }
}

/** Where the media of a segment really begins and ends; undefined when there is none. */
export async function spanOf(
  indexes: SegmentIndexes,
  path: string,
  from: number,
): Promise<Interval | undefined> {
  const index = await tryRead(indexes, path);
  return index && segmentSpan(index, from);
}

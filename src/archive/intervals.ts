/** Times in milliseconds since 1970, `from` included, `to` not; empty when they are equal. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

const byStart = (a: Interval, b: Interval): number => a.from - b.from || a.to - b.to;

/** Sorted and without overlaps; pieces that are at most `tolerance` apart become one. */
export function merge(intervals: readonly Interval[], tolerance = 0): Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort(byStart)) {
    if (to <= from) continue;
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to + tolerance) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** The part of an interval inside a range; undefined when there is none. */
export function clip<T extends Interval>(interval: T, range: Interval): T | undefined {
  const from = Math.max(interval.from, range.from);
  const to = Math.min(interval.to, range.to);
  return to > from ? { ...interval, from, to } : undefined;
}

export function clipAll<T extends Interval>(intervals: readonly T[], range: Interval): T[] {
  return intervals.flatMap((interval) => clip(interval, range) ?? []);
}

/** What both have. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const right = merge(b);
  return merge(merge(a).flatMap((interval) => clipAll(right, interval)));
}

/** What `a` has and `b` has not. */
export function subtract(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const holes = merge(b);
  const rest: Interval[] = [];
  for (const piece of merge(a)) {
    let { from } = piece;
    for (const hole of holes) {
      if (hole.to <= from) continue;
      if (hole.from >= piece.to) break;
      if (hole.from > from) rest.push({ from, to: hole.from });
      from = Math.max(from, hole.to);
    }
    if (from < piece.to) rest.push({ from, to: piece.to });
  }
  return rest;
}

/** The sum of lengths, counting overlaps once, in milliseconds. */
export function total(intervals: readonly Interval[]): number {
  return merge(intervals).reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The UTC days that a range touches, each clipped to it. */
export function days(range: Interval): Interval[] {
  const DAY = 86_400_000;
  const pieces: Interval[] = [];
  for (let day = Math.floor(range.from / DAY) * DAY; day < range.to; day += DAY) {
    const piece = clip({ from: day, to: day + DAY }, range);
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces;
}

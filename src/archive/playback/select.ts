import { clip, type Interval } from '../intervals.ts';

/** A segment that could be played: times in milliseconds since 1970. */
export interface Playable extends Interval {
  readonly replica: number;
}

export interface Selected<S> {
  readonly segment: S;
  /**
   * The segment before lasts until this time: begin with the last key frame at or before it, and let the other end
   * there.
   */
  readonly overlapEnd?: number;
}

/** Segments may reach this far into each other without being taken for two copies of the same time. */
const OVERLAP_MS = 200;

/**
 * Which of the segments to play one after the other, so that every recorded moment of the range comes once: of
 * replicas, and of two owners around a takeover, the one that began first goes on as long as it lasts; then the next
 * one takes over at a key frame of its own.
 */
export function selectSegments<S extends Playable>(segments: readonly S[], range: Interval): Selected<S>[] {
  const selected: Selected<S>[] = [];
  let end = -Infinity;
  const sorted = [...segments].sort((a, b) => a.from - b.from || a.replica - b.replica || b.to - a.to);
  for (const segment of sorted) {
    if (clip<Interval>(segment, range) === undefined || segment.to <= end) continue;
    selected.push(segment.from < end - OVERLAP_MS ? { segment, overlapEnd: end } : { segment });
    end = segment.to;
  }
  return selected;
}

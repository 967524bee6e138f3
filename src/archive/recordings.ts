import type { SegmentRecord } from '../store/types.ts';
import { JOIN_TOLERANCE_MS } from './coverage.ts';
import { clip, type Interval } from './intervals.ts';

/** A stretch of recording without interruption. Times in milliseconds since 1970. */
export interface RecordedInterval extends Interval {
  readonly node: string;
  readonly replica: number;
  /** Of the media in it, as well as its segments tell. */
  readonly bytes: number;
  /** Its files are here. */
  readonly available: boolean;
}

/** The stretches inside a range that segments make up, by replica and node, in order of time. */
export function recordedIntervals(
  segments: readonly SegmentRecord[],
  range: Interval,
  isHere: (segment: SegmentRecord) => boolean,
): RecordedInterval[] {
  const open = new Map<string, RecordedInterval>();
  const all: RecordedInterval[] = [];
  for (const segment of [...segments].sort((a, b) => a.from - b.from)) {
    const part = clip<Interval>(segment, range);
    if (part === undefined) continue;
    const { node, replica } = segment;
    const available = isHere(segment);
    const bytes = Math.round((segment.bytes * (part.to - part.from)) / (segment.to - segment.from));
    const key = `${String(replica)} ${String(available)} ${node}`;
    const before = open.get(key);
    const joins = before !== undefined && part.from <= before.to + JOIN_TOLERANCE_MS;
    const interval = joins
      ? { ...before, to: Math.max(before.to, part.to), bytes: before.bytes + bytes }
      : { from: part.from, to: part.to, node, replica, bytes, available };
    if (joins) all[all.indexOf(before)] = interval;
    else all.push(interval);
    open.set(key, interval);
  }
  return all;
}

import type { Span } from './math.ts';

/** Sorted, overlapping ones joined; pieces less than `slackMs` apart count as one. */
export function joined(spans: readonly Span[], slackMs = 250): Span[] {
  const sorted = [...spans].sort((a, b) => a.from - b.from);
  const result: { from: number; to: number }[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last && span.from <= last.to + slackMs) last.to = Math.max(last.to, span.to);
    else result.push({ ...span });
  }
  return result;
}

/** The time itself where something was recorded, else the beginning of what follows; null when nothing does. */
export function playableFrom(spans: readonly Span[], time: number): number | null {
  const span = spans.find(({ to }) => to > time);
  return span ? Math.max(time, span.from) : null;
}

/** The wall clock at `seconds` of a film that begins at `start` and leaves the gaps out. */
export function wallTimeAt(spans: readonly Span[], start: number, seconds: number): number {
  let left = seconds * 1000;
  for (const { from, to } of spans) {
    if (to <= start) continue;
    const begin = Math.max(from, start);
    if (left < to - begin) return begin + left;
    left -= to - begin;
  }
  return (spans.at(-1)?.to ?? start) + left;
}

/** Seconds of that film at which `time` is shown; in a gap, where it ends. */
export function secondsAt(spans: readonly Span[], start: number, time: number): number {
  let total = 0;
  for (const { from, to } of spans) {
    if (to <= start) continue;
    const begin = Math.max(from, start);
    if (time < begin) break;
    total += Math.min(time, to) - begin;
    if (time < to) break;
  }
  return total / 1000;
}

/** Milliseconds recorded within the range. */
export const recordedWithin = (spans: readonly Span[], range: Span): number =>
  spans.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, range.to) - Math.max(from, range.from)),
    0,
  );

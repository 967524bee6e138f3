/** A range of time, milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const MIN_SPAN = 20 * SECOND;
const MAX_SPAN = 14 * DAY;

export const length = (span: Span): number => span.to - span.from;
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** Pixels from the left edge. */
export const xOf = (view: Span, width: number, time: number): number =>
  ((time - view.from) / length(view)) * width;
export const timeAt = (view: Span, width: number, x: number): number =>
  view.from + (x / width) * length(view);

/** Keeps the view within what can exist: a little of the future at most. */
export function limit(view: Span, now: number): Span {
  const span = clamp(length(view), MIN_SPAN, MAX_SPAN);
  const latest = now + span * 0.12;
  const to = Math.min(view.from + span, latest);
  return { from: to - span, to };
}

export const pan = (view: Span, by: number, now: number): Span =>
  limit({ from: view.from + by, to: view.to + by }, now);

/** `factor` below 1 shows less time; what lies under `anchor` stays there. */
export function zoom(view: Span, factor: number, anchor: number, now: number): Span {
  const span = clamp(length(view) * factor, MIN_SPAN, MAX_SPAN);
  const share = (anchor - view.from) / length(view);
  const from = anchor - share * span;
  return limit({ from, to: from + span }, now);
}

/** The view of the same length in which `time` can be seen, moved only when it has to. */
export function reveal(view: Span, time: number, now: number): Span {
  const margin = length(view) * 0.1;
  if (time >= view.from + margin && time <= view.to - margin) return view;
  const from = time - length(view) / 2;
  return limit({ from, to: from + length(view) }, now);
}

const STEPS = [
  SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
];

/** Marks at round local times, at least `minPixels` apart. */
export function ticks(view: Span, width: number, minPixels: number): { times: number[]; step: number } {
  const wanted = (minPixels / Math.max(1, width)) * length(view);
  const step = STEPS.find((candidate) => candidate >= wanted) ?? 2 * DAY;
  const times: number[] = [];
  // Local midnight moves by an hour twice a year, so the offset is looked up anew for every mark.
  for (let at = floorLocal(view.from, step); at <= view.to; at = nextLocal(at, step))
    if (at >= view.from) times.push(at);
  return { times, step };
}

const offset = (time: number): number => new Date(time).getTimezoneOffset() * MINUTE;

function floorLocal(time: number, step: number): number {
  const local = time - offset(time);
  const floored = Math.floor(local / step) * step;
  return floored + offset(floored + offset(time));
}

function nextLocal(time: number, step: number): number {
  const naive = time + step;
  const shift = offset(naive) - offset(time);
  return step >= HOUR && shift !== 0 ? Math.max(time + 1, naive + shift) : naive;
}

/** Local midnight at or before. */
export function startOfDay(time: number): number {
  const date = new Date(time);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

export function addDays(midnight: number, days: number): number {
  const date = new Date(midnight);
  date.setDate(date.getDate() + days);
  return date.getTime();
}

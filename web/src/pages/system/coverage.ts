import type { Result } from '../../api/client.ts';
import { DAY } from '../../timeline/math.ts';

export type DayCoverage = Result<'coverage'>['items'][number];

export interface CoverageRow {
  readonly camera: string;
  /** In the order of the days; undefined where nothing is known. */
  readonly days: readonly (DayCoverage | undefined)[];
}

/** The `count` days (UTC) up to and with that of `now`, as 2026-01-31. */
export function lastDays(now: number, count: number): string[] {
  const today = Math.floor(now / DAY) * DAY;
  return Array.from({ length: count }, (_, index) =>
    new Date(today - (count - 1 - index) * DAY).toISOString().slice(0, 10),
  );
}

/** One row per camera, in the order given; cameras that are gone come last. */
export function coverageRows(
  items: readonly DayCoverage[],
  cameras: readonly string[],
  days: readonly string[],
): CoverageRow[] {
  const byCamera = Map.groupBy(items, ({ camera }) => camera);
  const gone = Array.from(byCamera.keys()).filter((camera) => !cameras.includes(camera));
  return [...cameras, ...gone].map((camera) => {
    const byDay = new Map(byCamera.get(camera)?.map((item) => [item.day, item]));
    return { camera, days: days.map((day) => byDay.get(day)) };
  });
}

/** From bad to whole; `none` when nothing was to be recorded. */
export type Level = 'none' | 'whole' | 'good' | 'fair' | 'poor' | 'bad';

export function levelOf(coverage: number | null | undefined): Level {
  if (coverage == null) return 'none';
  if (coverage >= 0.999) return 'whole';
  if (coverage >= 0.99) return 'good';
  if (coverage >= 0.95) return 'fair';
  return coverage >= 0.8 ? 'poor' : 'bad';
}

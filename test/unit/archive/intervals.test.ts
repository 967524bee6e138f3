import { describe, expect, test } from 'vitest';
import { coverageOf } from '../../../src/archive/coverage.ts';
import { days, intersect, merge, subtract, total } from '../../../src/archive/intervals.ts';

const span = (from: number, to: number) => ({ from, to });

describe('intervals', () => {
  test('merge sorts, joins within the tolerance and drops empty ones', () => {
    expect(merge([span(5, 9), span(0, 3), span(7, 7), span(2, 4)])).toEqual([span(0, 4), span(5, 9)]);
    expect(merge([span(5, 9), span(0, 3)], 2)).toEqual([span(0, 9)]);
    expect(merge([span(0, 10), span(2, 3)])).toEqual([span(0, 10)]);
  });

  test('subtract and intersect complement each other', () => {
    const a = [span(0, 10), span(20, 30)];
    const b = [span(-5, 2), span(4, 6), span(8, 22), span(29, 40)];
    expect(subtract(a, b)).toEqual([span(2, 4), span(6, 8), span(22, 29)]);
    expect(intersect(a, b)).toEqual([span(0, 2), span(4, 6), span(8, 10), span(20, 22), span(29, 30)]);
    expect(total(subtract(a, b)) + total(intersect(a, b))).toBe(total(a));
  });

  test('days are clipped to the range', () => {
    const day = 86_400_000;
    expect(days(span(day / 2, 2 * day + 1))).toEqual([
      span(day / 2, day),
      span(day, 2 * day),
      span(2 * day, 2 * day + 1),
    ]);
    expect(days(span(day, day))).toEqual([]);
  });
});

describe('coverage', () => {
  const base = { range: span(0, 100_000), now: 1_000_000, outages: [] };

  test('is null when nothing was wanted', () => {
    const result = coverageOf({ ...base, recorded: [span(0, 50_000)], wanted: [] });
    expect(result).toMatchObject({ coverage: null, gaps: [] });
  });

  test('counts only wanted time, and a replica only once', () => {
    const result = coverageOf({
      ...base,
      wanted: [span(0, 80_000)],
      recorded: [span(0, 40_000), span(0, 40_000), span(90_000, 100_000)],
    });
    expect(result.coverage).toBe(0.5);
    expect(result.gaps).toEqual([{ from: 40_000, to: 80_000, cause: 'unknown' }]);
  });

  test('segments that follow each other closely leave no gap', () => {
    const recorded = [span(0, 59_960), span(60_000, 100_000)];
    expect(coverageOf({ ...base, wanted: [base.range], recorded })).toMatchObject({ coverage: 1, gaps: [] });
  });

  test('gaps are split by their causes, the outage that began last wins', () => {
    const result = coverageOf({
      ...base,
      wanted: [base.range],
      recorded: [span(0, 10_000), span(90_000, 100_000)],
      outages: [
        { from: 5_000, to: 60_000, cause: 'camera_unreachable' },
        { from: 30_000, to: 50_000, cause: 'node_down' },
        { from: 95_000, to: 99_000, cause: 'storage_full' },
      ],
    });
    expect(result.gaps).toEqual([
      { from: 10_000, to: 30_000, cause: 'camera_unreachable' },
      { from: 30_000, to: 50_000, cause: 'node_down' },
      { from: 50_000, to: 60_000, cause: 'camera_unreachable' },
      { from: 60_000, to: 90_000, cause: 'unknown' },
    ]);
  });

  test('neither the future nor what is on its way to the disk is a gap', () => {
    const now = 50_000;
    const input = { ...base, now, wanted: [base.range] };
    expect(coverageOf({ ...input, recorded: [span(0, 48_500)] })).toMatchObject({ coverage: 1, gaps: [] });
    expect(coverageOf({ ...input, recorded: [span(0, 40_000)] }).gaps).toEqual([
      { from: 40_000, to: 47_000, cause: 'unknown' },
    ]);
  });
});

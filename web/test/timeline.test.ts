import { describe, expect, it } from 'vitest';
import {
  addDays,
  DAY,
  HOUR,
  limit,
  MINUTE,
  pan,
  reveal,
  startOfDay,
  ticks,
  timeAt,
  xOf,
  zoom,
} from '../src/timeline/math.ts';
import { joined, playableFrom, recordedWithin, secondsAt, wallTimeAt } from '../src/timeline/playable.ts';

const NOW = Date.UTC(2026, 5, 15, 12);

describe('the view of the timeline', () => {
  it('maps times to pixels and back', () => {
    const view = { from: NOW - HOUR, to: NOW };
    expect(xOf(view, 600, NOW - 30 * MINUTE)).toBe(300);
    expect(timeAt(view, 600, 300)).toBe(NOW - 30 * MINUTE);
  });

  it('keeps what lies under the pointer in its place when zooming', () => {
    const view = { from: NOW - 4 * HOUR, to: NOW - 2 * HOUR };
    const anchor = NOW - 3.5 * HOUR;
    const near = zoom(view, 0.5, anchor, NOW);
    expect(near.to - near.from).toBe(HOUR);
    expect(xOf(near, 800, anchor)).toBeCloseTo(xOf(view, 800, anchor));
  });

  it('never goes far into the future, nor below 20 s or above 14 days', () => {
    const view = { from: NOW - HOUR, to: NOW };
    expect(pan(view, 10 * HOUR, NOW).to).toBe(NOW + 0.12 * HOUR);
    const tiny = limit({ from: NOW - 5, to: NOW }, NOW);
    expect(tiny.to - tiny.from).toBe(20_000);
    const huge = limit({ from: NOW - 100 * DAY, to: NOW }, NOW);
    expect(huge.to - huge.from).toBe(14 * DAY);
  });

  it('moves only as far as needed to show a moment', () => {
    const view = { from: NOW - 2 * HOUR, to: NOW - HOUR };
    expect(reveal(view, NOW - 90 * MINUTE, NOW)).toEqual(view);
    const moved = reveal(view, NOW - 5 * HOUR, NOW);
    expect(moved.from).toBeLessThanOrEqual(NOW - 5 * HOUR);
    expect(moved.to).toBeGreaterThan(NOW - 5 * HOUR);
    expect(moved.to - moved.from).toBe(HOUR);
  });

  it('sets marks at round local times, not closer than asked', () => {
    const view = { from: NOW - 2 * HOUR, to: NOW };
    const { times, step } = ticks(view, 800, 78);
    expect((step / (2 * HOUR)) * 800).toBeGreaterThanOrEqual(78);
    expect(times.length).toBeGreaterThanOrEqual(4);
    for (const time of times) expect(new Date(time).getSeconds()).toBe(0);
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBe(step);
  });

  it('knows local days', () => {
    const midnight = startOfDay(NOW);
    expect(new Date(midnight).getHours()).toBe(0);
    expect(new Date(addDays(midnight, 1)).getDate()).toBe(new Date(NOW + DAY).getDate());
  });
});

describe('what can be played', () => {
  const spans = [
    { from: 1000, to: 5000 },
    { from: 9000, to: 12_000 },
  ];

  it('joins what touches or overlaps', () => {
    const parts = [
      { from: 500, to: 900 },
      { from: 0, to: 400 },
      { from: 2000, to: 3000 },
      { from: 2500, to: 2600 },
    ];
    expect(joined(parts)).toEqual([
      { from: 0, to: 900 },
      { from: 2000, to: 3000 },
    ]);
  });

  it('begins after a gap when the moment lies in it', () => {
    expect(playableFrom(spans, 2000)).toBe(2000);
    expect(playableFrom(spans, 6000)).toBe(9000);
    expect(playableFrom(spans, 12_000)).toBeNull();
  });

  it('turns seconds of the film into the time of day and back, gaps left out', () => {
    for (const time of [2000, 4500, 9000, 11_500]) {
      expect(wallTimeAt(spans, 2000, secondsAt(spans, 2000, time))).toBe(time);
    }
    expect(wallTimeAt(spans, 2000, 4)).toBe(10_000);
    expect(secondsAt(spans, 2000, 7000)).toBe(3);
  });

  it('measures what a range really holds', () => {
    expect(recordedWithin(spans, { from: 4000, to: 10_000 })).toBe(2000);
    expect(recordedWithin(spans, { from: 5000, to: 9000 })).toBe(0);
  });
});

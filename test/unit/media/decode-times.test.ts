import { describe, expect, it } from 'vitest';
import { DecodeTimes } from '../../../src/media/decode-times.ts';

/** Presentation times, in order of decoding, of I P B B P B B … */
const reordered = (groups: number) =>
  [0, ...Array.from({ length: groups }, (_, group) => [3, 1, 2].map((at) => group * 3 + at)).flat()].map(
    (at) => (at + 10) * 100,
  );

describe('DecodeTimes', () => {
  it('is the presentation time when nothing is reordered', () => {
    const times = new DecodeTimes(0, 100);
    expect([100, 200, 300].map((pts) => times.next(pts))).toEqual([100, 200, 300]);
  });

  it('rises strictly and is never behind the presentation time with B-frames', () => {
    const times = new DecodeTimes(1, 100);
    const pts = reordered(5);
    const dts = pts.map((at) => times.next(at));
    expect(dts).not.toContain(undefined);
    for (const [index, at] of dts.entries()) {
      expect(at).toBeLessThanOrEqual(pts[index] ?? 0);
      if (index > 0) expect(at).toBeGreaterThan(dts[index - 1] ?? 0);
    }
    const steps = dts.slice(3).map((at, index) => (at ?? 0) - (dts[index + 2] ?? 0));
    expect(new Set(steps)).toEqual(new Set([100]));
  });

  it('says when pictures are more out of order than it was told', () => {
    const times = new DecodeTimes(0, 100);
    const dts = reordered(1).map((at) => times.next(at));
    expect(dts.slice(0, 2)).toEqual([1_000, 1_300]);
    expect(dts[2]).toBeUndefined();
    expect(times.last).toBe(1_300);
  });

  it('goes on above what came before', () => {
    const times = new DecodeTimes(0, 100, 500);
    expect(times.next(400)).toBeUndefined();
    expect(times.next(501)).toBe(501);
    times.restart();
    expect(times.next(900)).toBe(900);
  });

  it('knows from when on a key frame fits', () => {
    const times = new DecodeTimes(2, 100, 1_000);
    times.restart();
    expect(times.least).toBe(1_201);
    expect(times.next(times.least)).toBe(1_001);
  });
});

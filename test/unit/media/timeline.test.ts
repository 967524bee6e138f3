import { describe, expect, it } from 'vitest';
import { MediaTimeline, NodeClock } from '../../../src/media/timeline.ts';

const START = 1_700_000_000_000;

describe('NodeClock', () => {
  it('follows a wall clock that was set by at most 500 ppm, and never goes back', () => {
    let monotonic = 0;
    let ahead = 0;
    const clock = new NodeClock(
      () => monotonic,
      () => START + monotonic + ahead,
    );
    expect(clock.now()).toBe(START);
    monotonic += 10_000;
    expect(clock.now()).toBe(START + 10_000);
    ahead = -3_600_000;
    let last = clock.now();
    for (let step = 0; step < 100; step += 1) {
      monotonic += 100;
      const now = clock.now();
      expect(now).toBeGreaterThan(last);
      expect(now - last).toBeGreaterThan(99.9);
      last = now;
    }
    expect(clock.wallOffset).toBeLessThan(-3_000_000);
    ahead = 0;
    monotonic += 1_000;
    expect(Math.abs(clock.now() - (START + monotonic))).toBeLessThan(10);
  });
});

/** A timeline whose packets arrive when the test says. */
function timeline(rate = 90_000) {
  let now = START;
  const line = new MediaTimeline({ now: () => now }, rate, START - 2_000);
  return {
    line,
    /** @param after milliseconds since the packet before */
    map: (timestamp: number, after: number) => {
      now += after;
      line.map(timestamp >>> 0);
      return { ticks: line.ticks, time: line.time, step: line.discontinuity, late: now - line.time };
    },
  };
}

describe('MediaTimeline', () => {
  it('begins behind the head start and counts over the wrap', () => {
    const { map } = timeline();
    const first = map(2 ** 32 - 3_600, 0);
    expect(first).toMatchObject({ ticks: 180_000, time: START, step: false });
    expect(map(0, 40)).toMatchObject({ ticks: 183_600, time: START + 40, step: false });
    expect(map(3_600, 40)).toMatchObject({ ticks: 187_200, step: false });
  });

  it('takes jitter of the network out', () => {
    const { map } = timeline();
    map(0, 0);
    for (let n = 1; n < 2_000; n += 1) {
      const { time, step } = map(n * 3_600, n % 5 === 1 ? 120 : 20);
      expect(step).toBe(false);
      expect(Math.abs(time - (START + n * 40))).toBeLessThan(25);
    }
  });

  it('follows a camera whose clock is off', () => {
    const { map } = timeline();
    map(0, 0);
    let late = 0;
    for (let n = 1; n < 25 * 600; n += 1) ({ late } = map(Math.round(n * 3_600 * 1.0003), 40));
    expect(Math.abs(late)).toBeLessThan(60);
  });

  it.each([3_600, -3_600, -5, 30])('turns a jump of %i s into the time that really passed', (seconds) => {
    const { map } = timeline();
    let before = map(0, 0);
    for (let n = 1; n < 100; n += 1) before = map(n * 3_600, 40);
    const after = map(100 * 3_600 + seconds * 90_000, 40);
    expect(after.step).toBe(true);
    expect(after.ticks).toBeGreaterThan(before.ticks);
    expect(Math.abs(after.late)).toBeLessThan(50);
    const next = map(101 * 3_600 + seconds * 90_000, 40);
    expect(next.step).toBe(false);
    expect(next.ticks - after.ticks).toBe(3_600);
    expect(Math.abs(next.late)).toBeLessThan(50);
  });

  it('marks a pause, and keeps its length', () => {
    const { map } = timeline();
    const before = map(0, 0);
    const after = map(10 * 90_000, 10_000);
    expect(after).toMatchObject({ step: true });
    expect(after.ticks - before.ticks).toBe(900_000);
  });

  it('lets pictures come in another order', () => {
    const { map } = timeline();
    map(0, 0);
    const anchor = map(3 * 3_600, 40);
    const between = map(3_600, 40);
    expect(between.step).toBe(false);
    expect(anchor.ticks - between.ticks).toBe(7_200);
  });

  it('settles behind a burst of old pictures', () => {
    const { map } = timeline();
    for (let n = 0; n < 50; n += 1) map(n * 3_600, 1);
    let last = { step: false, late: 0, time: 0 };
    for (let n = 50; n < 50 + 25 * 90; n += 1) {
      const next = map(n * 3_600, 40);
      expect(next.time).toBeGreaterThan(last.time);
      last = next;
    }
    expect(Math.abs(last.late)).toBeLessThan(150);
  });

  it('shows the time of a timestamp nearby, and can be moved', () => {
    const { line, map } = timeline();
    map(9_000, 0);
    expect(line.timeAt(9_000 - 900)).toBe(START - 10);
    line.shift(100);
    expect(map(9_000 + 3_600, 40)).toMatchObject({ ticks: 180_000 + 3_600 + 9_000 });
  });
});

import { describe, expect, it } from 'vitest';
import { SampleClock } from '../../../../src/media/transcode/sample-clock.ts';

const arrive = (clock: SampleClock, pts: number, more: { discontinuity?: boolean; time?: number } = {}) =>
  clock.arrive({ pts, time: more.time ?? pts / 8, discontinuity: more.discontinuity ?? false }, 160, 8_000);

describe('the clock of samples', () => {
  it('begins with the first packet, in ticks of the outgoing rate', () => {
    const clock = new SampleClock(8_000, 16_000);
    expect(arrive(clock, 800)).toBe(1_600);
    expect(arrive(clock, 960)).toBeUndefined();
  });

  it('goes on over jitter and begins anew after a hole', () => {
    const clock = new SampleClock(8_000, 16_000);
    arrive(clock, 0);
    expect(arrive(clock, 160 + 400)).toBeUndefined();
    expect(arrive(clock, 320 + 1_000)).toBe(2_640);
  });

  it('begins anew where something is said to be missing, and when time runs backwards', () => {
    const clock = new SampleClock(8_000, 16_000);
    arrive(clock, 8_000);
    expect(arrive(clock, 8_160, { discontinuity: true })).toBe(16_320);
    expect(arrive(clock, 0)).toBe(0);
  });

  it('tells the time of what leaves from the packet that came last', () => {
    const clock = new SampleClock(8_000, 16_000);
    arrive(clock, 8_000, { time: 5_000 });
    expect(clock.moment(16_000)).toEqual({ pts: 16_000, time: 5_000 });
    expect(clock.moment(15_200)).toEqual({ pts: 15_200, time: 4_950 });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/entities.ts';
import { Tracker } from '../../../src/inference/tracker.ts';
import type { Detection } from '../../../src/inference/types.ts';

const see = (label: string, box: Box, score = 0.8): Detection => ({ label, score, box });

let next = 0;
let tracker = new Tracker(() => '');

beforeEach(() => {
  next = 0;
  tracker = new Tracker(() => `t${(next += 1)}`);
});

describe('tracker', () => {
  it('keeps the id of a walking person and confirms it', () => {
    const ids = new Set<string>();
    for (let step = 0; step < 20; step += 1) {
      const [track] = tracker.update([see('person', [0.05 + step * 0.04, 0.3, 0.1, 0.4])], step * 200);
      ids.add(track?.id ?? '');
      expect(track?.confirmed).toBe(step >= 1);
    }
    expect([...ids]).toEqual(['t1']);
  });

  it('keeps two people apart who pass each other', () => {
    let a = '';
    let b = '';
    for (let step = 0; step <= 20; step += 1) {
      const right = see('person', [0.1 + step * 0.035, 0.3, 0.08, 0.3]);
      const left = see('person', [0.8 - step * 0.035, 0.34, 0.08, 0.3]);
      const tracks = tracker.update(step % 2 === 0 ? [right, left] : [left, right], step * 200);
      const nearest = (x: number) => tracks.find((track) => Math.abs(track.box[0] - x) < 0.001)?.id ?? '';
      if (step === 0) [a, b] = [nearest(0.1), nearest(0.8)];
      if (step === 20) expect([nearest(0.8), nearest(0.1)]).toEqual([a, b]);
    }
    expect(next).toBe(2);
  });

  it('bridges short losses, then lets go', () => {
    const box: Box = [0.4, 0.4, 0.1, 0.2];
    tracker.update([see('car', box)], 0);
    tracker.update([see('car', box)], 200);
    expect(tracker.update([], 400)[0]).toMatchObject({ id: 't1', seen: false });
    expect(tracker.update([see('car', box)], 1_600)[0]).toMatchObject({ id: 't1', seen: true });
    expect(tracker.update([], 4_600)).toEqual([]);
    expect(tracker.update([see('car', box)], 4_800)[0]?.id).toBe('t2');
  });

  it('follows what moves faster than its own size when nothing else is near', () => {
    for (let step = 0; step < 6; step += 1) {
      tracker.update([see('car', [0.05 + step * 0.13, 0.5, 0.1, 0.1])], step * 1_000);
    }
    expect(next).toBe(1);
  });

  it('votes over labels', () => {
    const box: Box = [0.4, 0.4, 0.3, 0.2];
    tracker.update([see('truck', box, 0.5)], 0);
    tracker.update([see('car', box, 0.8)], 200);
    expect(tracker.update([see('car', box, 0.8)], 400)).toMatchObject([{ id: 't1', label: 'car' }]);
  });

  it('rests after standing still, keeps resting without looks, and wakes by moving', () => {
    const parked: Box = [0.4, 0.4, 0.2, 0.2];
    for (let time = 0; time <= 31_000; time += 1_000) tracker.update([see('car', parked)], time);
    expect(tracker.tracks(31_000)).toMatchObject([{ resting: true }]);
    for (let time = 32_000; time <= 90_000; time += 1_000) tracker.idle(time);
    expect(tracker.tracks(90_000)).toMatchObject([{ id: 't1', resting: true }]);
    expect(tracker.update([see('car', [0.5, 0.4, 0.2, 0.2])], 90_200)).toMatchObject([
      { id: 't1', resting: false },
    ]);
  });

  it('lets a moving thing go when pictures are no longer looked at', () => {
    tracker.update([see('cat', [0.1, 0.1, 0.1, 0.1])], 0);
    tracker.idle(1_000);
    expect(tracker.idle(3_100)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { planRetention, type RetainedSegment } from '../../../src/archive/retention.ts';

const DAY = 86_400_000;
const now = 100 * DAY;

function segment(id: string, ageDays: number, extra: Partial<RetainedSegment> = {}): RetainedSegment {
  const to = now - ageDays * DAY;
  return { id, camera: 'a', volume: 'v', from: to - 60_000, to, bytes: 10, open: false, ...extra };
}

const rules = new Map([['a', { continuousDays: 7, eventDays: 30 }]]);
const orphans = { continuousDays: 3, eventDays: 3 };
const room = { id: 'v', freeBytes: 1000, minFreeBytes: 100, targetFreeBytes: 120 };
const base = { now, rules, orphans, volumes: [room] };
const ids = (plan: ReturnType<typeof planRetention>) => plan.removals.map((removal) => removal.segment.id);

describe('retention', () => {
  test('removes what is too old, oldest first', () => {
    const segments = [segment('young', 1), segment('old', 8), segment('older', 9)];
    expect(ids(planRetention({ ...base, segments }))).toEqual(['older', 'old']);
  });

  test('keeps segments with events longer', () => {
    const segments = [segment('event', 8), segment('past', 31)];
    expect(ids(planRetention({ ...base, segments, hasEvent: () => true }))).toEqual(['past']);
  });

  test('cameras that are gone fall under their own rule', () => {
    const segments = [segment('orphan', 4, { camera: 'gone' }), segment('known', 4)];
    expect(ids(planRetention({ ...base, segments }))).toEqual(['orphan']);
  });

  test('frees the oldest of a volume that is short of room, until the target', () => {
    const segments = [segment('1', 1), segment('2', 2), segment('3', 3), segment('x', 6, { volume: 'w' })];
    const plan = planRetention({ ...base, segments, volumes: [{ ...room, freeBytes: 99 }] });
    expect(plan).toMatchObject({ full: [] });
    expect(ids(plan)).toEqual(['3', '2', '1']);
    expect(ids(planRetention({ ...base, segments, volumes: [{ ...room, freeBytes: 100 }] }))).toEqual([]);
  });

  test('what age removes counts as free', () => {
    const segments = [segment('old', 8, { bytes: 50 }), segment('young', 1)];
    const plan = planRetention({ ...base, segments, volumes: [{ ...room, freeBytes: 60 }] });
    expect(ids(plan)).toEqual(['old']);
  });

  test('never touches an open segment, and says that the volume is full', () => {
    const segments = [segment('open', 50, { open: true }), segment('closed', 1)];
    const plan = planRetention({ ...base, segments, volumes: [{ ...room, freeBytes: 0 }] });
    expect(ids(plan)).toEqual(['closed']);
    expect(plan.full).toEqual(['v']);
  });
});

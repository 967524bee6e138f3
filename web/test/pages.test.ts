import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatShare } from '../src/components/format.ts';
import { initialMoment, nextMoment } from '../src/pages/camera/use-moment.ts';
import { coverageRows, lastDays, levelOf } from '../src/pages/system/coverage.ts';
import { auditWords } from '../src/pages/system/audit-words.ts';
import { gridFor, neighbour, pagesOf } from '../src/pages/wall/grid.ts';
import { moved, ordered } from '../src/pages/wall/order.ts';

describe('the wall', () => {
  const cameras = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
  const ids = (items: readonly { id: string }[]): string => items.map(({ id }) => id).join('');

  it('takes the smallest grid that shows all', () => {
    expect([0, 1, 2, 4, 5, 9, 10, 40].map(gridFor)).toEqual([1, 1, 4, 4, 9, 9, 16, 16]);
    expect(pagesOf(cameras, 4).map(ids)).toEqual(['abcd', 'e']);
  });

  it('keeps an order; new cameras come last, gone ones do not matter', () => {
    expect(ids(ordered(cameras, ['d', 'gone', 'b']))).toBe('dbace');
    expect(moved(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual(['a', 'd', 'b', 'c']);
    expect(moved(['a', 'b', 'c', 'd'], 'a', 'c')).toEqual(['b', 'c', 'a', 'd']);
    expect(moved(['a', 'b'], 'x', 'b')).toEqual(['a', 'b']);
  });

  it('goes from tile to tile', () => {
    expect(neighbour(0, 9, 9, 'right')).toBe(1);
    expect(neighbour(1, 9, 9, 'down')).toBe(4);
    expect(neighbour(1, 9, 9, 'up')).toBeNull();
    expect(neighbour(4, 5, 9, 'right')).toBeNull();
  });
});

describe('the moment on the screen', () => {
  it('leaves live by a seek and comes back', () => {
    const live = initialMoment(null);
    const back = nextMoment(live, { type: 'seek', time: 5000, done: true });
    expect(back).toMatchObject({ live: false, time: 5000, target: { time: 5000 }, playing: true });
    expect(nextMoment(back, { type: 'live' })).toMatchObject({ live: true, rate: 1 });
  });

  it('shows single pictures while the pointer drags, and begins the film when it is let go', () => {
    const start = initialMoment(1000);
    const dragged = nextMoment(start, { type: 'seek', time: 3000, done: false });
    expect(dragged).toMatchObject({ scrubbing: true, time: 3000, target: { time: 1000 } });
    expect(nextMoment(dragged, { type: 'time', time: 1100 }).time).toBe(3000);
    expect(nextMoment(dragged, { type: 'seek', time: 3200, done: true })).toMatchObject({
      scrubbing: false,
      target: { time: 3200 },
    });
  });
});

describe('coverage', () => {
  it('ends with today', () => {
    expect(lastDays(Date.parse('2026-03-01T23:59:00Z'), 3)).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
    ]);
  });

  it('has a row for every camera, also without a figure, and for one that is gone', () => {
    const item = (camera: string, day: string) => ({
      camera,
      day,
      coverage: 1,
      recordedSeconds: 1,
      gapSeconds: 0,
    });
    const rows = coverageRows(
      [item('a', '2026-01-02'), item('gone', '2026-01-01')],
      ['a', 'b'],
      ['2026-01-01', '2026-01-02'],
    );
    expect(rows.map(({ camera, days }) => [camera, days.map((day) => day?.coverage)])).toEqual([
      ['a', [undefined, 1]],
      ['b', [undefined, undefined]],
      ['gone', [1, undefined]],
    ]);
  });

  it('is whole only when it is', () => {
    expect([null, 1, 0.999, 0.9989, 0.95, 0.8, 0.1].map(levelOf)).toEqual([
      'none',
      'whole',
      'whole',
      'good',
      'fair',
      'poor',
      'bad',
    ]);
    expect(formatShare(0.99999)).toBe('99.99 %');
    expect(formatShare(1)).toBe('100 %');
  });
});

describe('words', () => {
  it('are for persons', () => {
    expect(formatDuration(3_725_000)).toBe('1 h 02 min');
    expect(formatDuration(65_000)).toBe('1 min 05 s');
    expect(formatBytes(4.1e8)).toBe('410 MB');
    expect(auditWords('catalog.updateCamera')).toBe('Changed the camera');
    expect(auditWords('nobody.knows')).toBe('nobody.knows');
  });
});

import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/entities.ts';
import { EventBuilder, type EventSettings } from '../../../src/inference/event-builder.ts';
import { Tracker } from '../../../src/inference/tracker.ts';

const settings: EventSettings = { objects: ['person', 'car'], minScore: 0.5, zones: [] };

function setUp(changes: Partial<EventSettings> = {}) {
  let track = 0;
  let event = 0;
  const tracker = new Tracker(() => `t${(track += 1)}`);
  const builder = new EventBuilder({ ...settings, ...changes }, () => `e${(event += 1)}`);
  return {
    builder,
    see: (time: number, box: Box, label = 'person', score = 0.8) =>
      builder.update(tracker.update([{ label, score, box }], time), time),
    none: (time: number) => builder.update(tracker.update([], time), time),
  };
}

const at = (x: number): Box => [x, 0.3, 0.1, 0.3];

describe('event builder', () => {
  it('makes one event with start, end and path of a walk', () => {
    const { see, none } = setUp();
    expect(see(1_000, at(0.1))).toEqual([]);
    expect(see(1_200, at(0.12))).toMatchObject([
      { type: 'new', better: true, event: { id: 'e1', start: 1_000, end: null, label: 'person' } },
    ]);
    for (let step = 2; step < 20; step += 1) see(1_000 + step * 200, at(0.1 + step * 0.02));
    expect(none(5_000)).toEqual([]);
    const [change] = none(8_000);
    expect(change).toMatchObject({ type: 'end', event: { id: 'e1', end: 4_800, rested: false } });
    expect(change?.event.path.length).toBeGreaterThan(10);
    expect(change?.event.path[0]?.[0]).toBe(200);
  });

  it('does not believe a single flicker, an unwanted label or a poor score', () => {
    const { see, none, builder } = setUp();
    see(0, at(0.1));
    none(4_000);
    for (let time = 5_000; time < 7_000; time += 200) see(time, at(0.5), 'giraffe');
    none(12_000);
    for (let time = 13_000; time < 15_000; time += 200) see(time, at(0.5), 'person', 0.3);
    expect(builder.open).toEqual([]);
  });

  it('reports a better view, at most once a second, and keeps the best box', () => {
    const { see } = setUp();
    see(0, [0.4, 0.4, 0.05, 0.1]);
    see(200, [0.4, 0.4, 0.05, 0.1]);
    const changes = [];
    for (let step = 2; step < 12; step += 1) {
      changes.push(...see(step * 200, [0.4, 0.4, 0.05 + step * 0.01, 0.1 + step * 0.02]));
    }
    expect(changes.filter(({ type }) => type === 'update').map(({ event }) => event.bestTime)).toEqual([
      1_000, 2_200,
    ]);
    expect(changes.filter(({ type }) => type === 'better').length).toBeGreaterThan(3);
    expect(see(2_600, [0.4, 0.4, 0.02, 0.04])).toEqual([]);
  });

  it('reports a zone at once', () => {
    const door: [number, number][] = [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ];
    const { see } = setUp({ zones: [{ name: 'door', points: door, objects: [] }] });
    see(0, at(0.3));
    expect(see(200, at(0.35))[0]?.event.zones).toEqual([]);
    see(400, at(0.4));
    expect(see(600, at(0.46))).toMatchObject([{ type: 'update', event: { zones: ['door'] } }]);
  });

  it('ends the event of what comes to rest and begins another when it moves again', () => {
    const { see } = setUp();
    const seen: string[] = [];
    for (let time = 0; time <= 40_000; time += 500) {
      for (const { type, event } of see(time, at(0.3), 'car'))
        seen.push(`${type} ${event.id} ${event.rested}`);
    }
    expect(seen).toEqual(['new e1 false', 'end e1 true']);
    for (let step = 0; step < 5; step += 1) {
      for (const { type, event } of see(40_500 + step * 500, at(0.32 + step * 0.05), 'car')) {
        seen.push(`${type} ${event.id}`);
      }
    }
    expect(seen.slice(2)).toEqual(['new e2']);
  });

  it('thins out the path of a long walk', () => {
    const { see, builder } = setUp();
    for (let step = 0; step < 600; step += 1) see(step * 200, at(0.1 + 0.7 * Math.abs(Math.sin(step / 20))));
    const path = builder.open[0]?.path ?? [];
    expect(path.length).toBeGreaterThan(50);
    expect(path.length).toBeLessThanOrEqual(120);
  });

  it('ends what is open when told', () => {
    const { see, builder } = setUp();
    see(0, at(0.1));
    see(200, at(0.12));
    expect(builder.endAll()).toMatchObject([{ type: 'end', event: { end: 200 } }]);
    expect(builder.open).toEqual([]);
  });
});

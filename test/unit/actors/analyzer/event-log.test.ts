import { describe, expect, it } from 'vitest';
import { EventLog } from '../../../../src/actors/analyzer/event-log.ts';
import { lastKnown } from '../../../../src/actors/analyzer/event-record.ts';
import { EventRecord } from '../../../../src/contracts/entities.ts';
import type { EventChange, ObjectEvent } from '../../../../src/inference/event-builder.ts';
import { until } from '../../../support/until.ts';

const start = Date.UTC(2026, 0, 5, 12);

const object = (id: string, more: Partial<ObjectEvent> = {}): ObjectEvent => ({
  id,
  track: `track of ${id}`,
  label: 'person',
  score: 0.81234,
  start,
  end: null,
  zones: ['door'],
  box: [0.1, 0.2, 0.3, 0.4],
  bestTime: start + 200,
  path: [[200.4, [0.1, 0.2, 0.3, 0.4]]],
  rested: false,
  ...more,
});
const change = (type: EventChange['type'], event: ObjectEvent): EventChange => ({
  type,
  event,
  better: type !== 'end',
});
const jpeg = Buffer.from('jpeg');

function setUp() {
  const done: string[] = [];
  const records: EventRecord[] = [];
  const fails = { journal: false, pictures: false };
  let gate = Promise.resolve();
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_: object, message: string) => void done.push(`warn ${message}`),
    error: (_: object, message: string) => void done.push(`error ${message}`),
  };
  const events = new EventLog({
    camera: 'front',
    log,
    retryMs: 5,
    pictures: {
      async save(id, camera) {
        await gate;
        if (fails.pictures) throw new Error('no room');
        done.push(`picture ${camera}/${id}`);
      },
    },
    journal: {
      async append(entry) {
        await gate;
        if (fails.journal) throw new Error('no room');
        if (entry.kind !== 'event') throw new Error('not an event');
        records.push(EventRecord.parse(entry.event));
        done.push(`journal ${entry.event.id}`);
      },
    },
    publish: (name, event) => {
      done.push(`${name} ${event.id}`);
      return Promise.resolve();
    },
  });
  return {
    events,
    done,
    records,
    fails,
    hold: () => {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => (open = resolve));
      return open;
    },
  };
}

describe('event log', () => {
  it('writes the picture, then the journal, then tells everybody', async () => {
    const { events, done, records } = setUp();
    events.change(change('new', object('a')), jpeg);
    await events.settled();
    expect(done).toEqual(['picture front/a', 'journal a', 'event.new a']);
    expect(records[0]).toEqual({
      id: 'a',
      camera: 'front',
      label: 'person',
      sublabel: null,
      score: 0.812,
      start: '2026-01-05T12:00:00.000Z',
      end: null,
      zones: ['door'],
      box: [0.1, 0.2, 0.3, 0.4],
      path: [[200, [0.1, 0.2, 0.3, 0.4]]],
      attributes: {},
      snapshot: '/api/v1/events/a/snapshot.jpg',
      clip: '/api/v1/events/a/clip.mp4',
      reviewed: false,
    });
  });

  it('only replaces the picture for a better view that nobody needs to hear of', async () => {
    const { events, done } = setUp();
    events.change(change('new', object('a')), jpeg);
    await events.settled();
    done.length = 0;
    events.change(change('better', object('a')), jpeg);
    await events.settled();
    expect(done).toEqual(['picture front/a']);
  });

  it('lets newer words take the place of older ones while the disk is slow, and skips no beginning', async () => {
    const { events, done, records, hold } = setUp();
    const open = hold();
    events.change(change('new', object('a')), undefined);
    events.change(change('new', object('b')), undefined);
    for (let step = 1; step < 100; step += 1) {
      events.change(change('update', object('b', { score: step / 100 })), undefined);
    }
    events.change(change('end', object('b', { end: start + 9_000, score: 0.99 })), undefined);
    open();
    await events.settled();
    expect(done).toEqual(['journal a', 'event.new a', 'journal b', 'event.new b', 'event.end b']);
    expect(records.at(-1)).toMatchObject({ score: 0.99, end: '2026-01-05T12:00:09.000Z' });
  });

  it('goes without a picture that cannot be saved', async () => {
    const { events, done, records, fails } = setUp();
    fails.pictures = true;
    events.change(change('new', object('a')), jpeg);
    await events.settled();
    expect(done).toEqual(['warn the picture of an event could not be saved', 'journal a', 'event.new a']);
    expect(records[0]?.snapshot).toBeNull();
  });

  it('offers again what the journal refuses, says so, and tells nobody before', async () => {
    const { events, done, fails } = setUp();
    fails.journal = true;
    events.change(change('new', object('a')), undefined);
    await until('the complaint', () => events.problem !== null);
    expect(done).toEqual(['error an event could not be written']);
    fails.journal = false;
    await events.settled();
    expect(events.problem).toBeNull();
    expect(done.slice(1)).toEqual(['journal a', 'event.new a']);
  });

  it('gives up at the end what the journal refuses', async () => {
    const { events, fails } = setUp();
    fails.journal = true;
    events.change(change('new', object('a')), undefined);
    await events.close();
    expect(events.lost).toBe(1);
  });

  it('ends what lasts when it was seen last', async () => {
    const { events, records } = setUp();
    events.change(change('new', object('a')), undefined);
    events.change(change('new', object('b')), undefined);
    events.seen('track of b', start + 7_000);
    events.seen('track of b', start + 6_000);
    events.endAll();
    events.endAll();
    await events.close();
    const ends = records.filter(({ end }) => end !== null).map(({ id, end }) => [id, end]);
    expect(ends.sort()).toEqual([
      ['a', '2026-01-05T12:00:00.200Z'],
      ['b', '2026-01-05T12:00:07.000Z'],
    ]);
  });

  it('knows what is its own, and when an event of another life was seen last', () => {
    const { events } = setUp();
    events.change(change('new', object('a')), undefined);
    expect([events.knows('a'), events.knows('b')]).toEqual([true, false]);
    const path: EventRecord['path'] = [
      [100, [0, 0, 1, 1]],
      [900, [0, 0, 1, 1]],
    ];
    expect(lastKnown({ start: '2026-01-05T12:00:00.000Z', path })).toBe(start + 900);
    expect(lastKnown({ start: '2026-01-05T12:00:00.000Z', path: [] })).toBe(start);
  });
});

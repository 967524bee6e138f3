import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/contracts/entities.ts';
import { catalog } from '../../src/contracts/catalog.ts';
import { place, withQuery } from '../src/api/client.ts';
import { withChanged, withEvent } from '../src/api/event-cache.ts';
import {
  filterParams,
  matches,
  narrowedBy,
  NO_FILTER,
  readFilter,
  shows,
  writeFilter,
  type EventFilter,
} from '../src/pages/events/filters.ts';
import { polyline } from '../src/pages/events/path-geometry.ts';

const FULL: EventFilter = {
  cameras: ['front-door', 'yard'],
  labels: ['person'],
  zones: ['gate'],
  text: 'post & co',
  from: Date.UTC(2026, 0, 1),
  to: Date.UTC(2026, 0, 2),
  minScore: 0.7,
  unreviewed: true,
};

const event = (more: Partial<EventRecord> = {}): EventRecord => ({
  id: 'a',
  camera: 'yard',
  label: 'person',
  sublabel: null,
  score: 0.8,
  start: '2026-01-01T10:00:00.000Z',
  end: null,
  zones: ['gate'],
  box: [0, 0, 0.5, 0.5],
  path: [],
  attributes: {},
  snapshot: null,
  clip: null,
  reviewed: false,
  ...more,
});

describe('the filter of events', () => {
  it('survives the way through the address', () => {
    expect(readFilter(new URLSearchParams(writeFilter(FULL).toString()))).toEqual(FULL);
    expect(writeFilter(NO_FILTER).toString()).toBe('');
    expect(narrowedBy(NO_FILTER)).toBe(0);
    expect(narrowedBy(FULL)).toBe(8);
  });

  it('leaves out what makes no sense in the address', () => {
    expect(readFilter(new URLSearchParams('from=yesterday&minScore=7&camera=,,'))).toEqual(NO_FILTER);
  });

  it('asks the API for what its contract knows', () => {
    const { path } = place('GET /events', filterParams(FULL));
    const query = Object.fromEntries(new URL(path, 'http://x').searchParams);
    expect(catalog.actions.listEvents.params.parse(query)).toMatchObject({
      camera: ['front-door', 'yard'],
      label: ['person'],
      zone: ['gate'],
      text: 'post & co',
      minScore: 0.7,
    });
  });

  it('knows which new events belong into the list', () => {
    expect(matches(NO_FILTER, event())).toBe(true);
    expect(matches({ ...NO_FILTER, cameras: ['garage'] }, event())).toBe(false);
    expect(matches({ ...NO_FILTER, labels: ['car'] }, event())).toBe(false);
    expect(matches({ ...NO_FILTER, zones: ['gate', 'street'] }, event())).toBe(true);
    expect(matches({ ...NO_FILTER, minScore: 0.9 }, event())).toBe(false);
    expect(matches({ ...NO_FILTER, text: 'POST' }, event({ sublabel: 'postman' }))).toBe(true);
    expect(matches({ ...NO_FILTER, text: 'postman' }, event())).toBe(false);
    expect(matches({ ...NO_FILTER, to: Date.parse('2026-01-01T10:00:00Z') }, event())).toBe(false);
    expect(shows({ ...NO_FILTER, unreviewed: true }, event({ reviewed: true }))).toBe(false);
  });
});

describe('events on the screen', () => {
  const list = [event({ id: 'b', start: '2026-01-01T11:00:00.000Z' }), event()];

  it('puts a new one in its place by time', () => {
    const middle = event({ id: 'm', start: '2026-01-01T10:30:00.000Z' });
    expect(withEvent(list, middle).map(({ id }) => id)).toEqual(['b', 'm', 'a']);
    const oldest = event({ id: 'o', start: '2026-01-01T01:00:00.000Z' });
    expect(withEvent(list, oldest).map(({ id }) => id)).toEqual(['b', 'a', 'o']);
  });

  it('changes a known one where it stands, and nothing else', () => {
    expect(withEvent(list, event({ score: 0.9 })).map(({ score }) => score)).toEqual([0.8, 0.9]);
    expect(withChanged(list, event({ id: 'unknown' }))).toBe(list);
  });
});

describe('where an object went', () => {
  const path: EventRecord['path'] = [
    [0, [0, 0, 0.2, 0.4]],
    [1000, [0.5, 0.1, 0.2, 0.4]],
  ];

  it('follows the feet', () => {
    expect(polyline(path)).toBe('0.1000,0.4000 0.6000,0.5000');
  });
});

describe('requests', () => {
  it('puts path parameters into the path and the rest where the method takes it', () => {
    expect(place('PATCH /cameras/:id', { id: 'a b', name: 'x' })).toEqual({
      method: 'PATCH',
      path: '/cameras/a%20b',
      body: { name: 'x' },
    });
    expect(place('GET /recordings', { camera: 'a', from: 'f', to: 't' })).toEqual({
      method: 'GET',
      path: '/recordings?camera=a&from=f&to=t',
    });
  });

  it('leaves out empty values', () => {
    expect(withQuery('/x', { a: undefined, b: '', c: [], d: 0 })).toBe('/x?d=0');
  });
});

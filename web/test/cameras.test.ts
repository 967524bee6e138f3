import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/contracts/catalog.ts';
import { ApiError } from '../src/api/client.ts';
import {
  checkDraft,
  draftOf,
  EMPTY_DRAFT,
  inputOf,
  isChanged,
  patchOf,
  serverErrors,
  type CameraDraft,
} from '../src/pages/cameras/draft.ts';
import {
  areaShare,
  crossesItself,
  edgeMiddle,
  freeName,
  moveArea,
  moveCorner,
  toPoint,
  withCorner,
  withoutCorner,
  type Area,
} from '../src/pages/cameras/geometry.ts';
import { probeFacts } from '../src/pages/cameras/probe-words.ts';
import { makeState } from './mock/data.ts';

const NEW: CameraDraft = { ...EMPTY_DRAFT, name: ' Yard ', url: 'rtsp://192.0.2.1/main' };
const stored = makeState().cameras.find(({ id }) => id === 'garage');
if (!stored) throw new Error('the mock has no such camera');
const EDIT = draftOf(stored);

describe('the form of a camera', () => {
  it('makes what the contract takes', () => {
    const input = catalog.actions.createCamera.params.parse(
      inputOf({ ...NEW, username: 'root', password: 'secret', record: false }),
    );
    expect(input).toMatchObject({
      name: 'Yard',
      subUrl: null,
      record: { mode: 'off' },
      username: 'root',
      password: 'secret',
    });
  });

  it('sends only what was changed', () => {
    expect(patchOf(EDIT, EDIT)).toEqual({});
    expect(isChanged(EDIT, EDIT)).toBe(false);
    expect(patchOf(EDIT, { ...EDIT, name: 'Big garage', fps: 3 })).toEqual({
      name: 'Big garage',
      detect: { fps: 3 },
    });
    expect(patchOf(EDIT, { ...EDIT, zones: [] })).toEqual({ detect: { zones: [] } });
    const patch = patchOf(EDIT, { ...EDIT, subUrl: 'rtsp://192.0.2.10/low', enabled: false });
    expect(catalog.actions.updateCamera.params.parse({ id: 'garage', ...patch })).toEqual({
      id: 'garage',
      subUrl: 'rtsp://192.0.2.10/low',
      enabled: false,
    });
  });

  it('keeps, changes and forgets credentials', () => {
    expect(patchOf(EDIT, { ...EDIT, password: 'new' })).toEqual({ password: 'new' });
    expect(patchOf(EDIT, { ...EDIT, forget: true })).toEqual({ username: null, password: null });
  });

  it('says early what cannot be right', () => {
    expect(checkDraft(NEW)).toEqual({});
    expect(Object.keys(checkDraft({ ...NEW, name: ' ', url: 'http://x', subUrl: 'rtsp://' }))).toEqual([
      'name',
      'url',
      'subUrl',
    ]);
    expect(checkDraft({ ...NEW, fps: '' })).toHaveProperty('fps');
    expect(checkDraft({ ...NEW, continuousDays: 0 })).toHaveProperty('continuousDays');
  });

  it('shows what the server says at the field it is about', () => {
    const problem = new ApiError(400, {
      code: 'bad_request',
      errors: [
        { path: 'detect.zones.0.points', message: 'too few' },
        { path: 'url', message: 'not there' },
        { path: 'placement.labels', message: 'odd' },
      ],
    });
    expect(serverErrors(problem)).toEqual({
      zones: 'too few',
      url: 'not there',
      form: 'placement.labels: odd',
    });
    expect(serverErrors(new ApiError(409, { code: 'camera_exists' }))).toHaveProperty('name');
    expect(serverErrors(new Error('no answer'))).toEqual({});
  });
});

describe('what a probe found', () => {
  it('is told in short pieces, and nothing of what is not known', () => {
    const nothing = {
      ok: false,
      code: 'x',
      messages: [],
      connectMs: null,
      firstKeyFrameMs: null,
      video: null,
      audio: null,
    };
    expect(probeFacts(nothing)).toEqual([]);
    const facts = probeFacts({
      ...nothing,
      connectMs: 22.7,
      video: {
        codec: 'h265',
        codecString: 'hvc1',
        width: 3840,
        height: 2160,
        fps: 12.5,
        kbps: null,
        gopSeconds: 4,
        reorders: true,
      },
    });
    expect(facts).toContain('H.265 3840×2160');
    expect(facts).toContain('12.5 pictures per second');
    expect(facts).toContain('connected in 23 ms');
    expect(facts.some((fact) => fact.includes('B-frames'))).toBe(true);
  });
});

describe('areas on the picture', () => {
  const square: Area = [
    [0.2, 0.2],
    [0.6, 0.2],
    [0.6, 0.6],
    [0.2, 0.6],
  ];

  it('keeps corners within the picture', () => {
    expect(toPoint(-0.2, 1.7)).toEqual([0, 1]);
    expect(moveCorner(square, 1, toPoint(2, 0.1))[1]).toEqual([1, 0.1]);
  });

  it('moves as a whole without losing its shape at the edge', () => {
    expect(moveArea(square, 0.9, -0.9)).toEqual([
      [0.6, 0],
      [1, 0],
      [1, 0.4],
      [0.6, 0.4],
    ]);
  });

  it('adds corners between two, and keeps three', () => {
    expect(edgeMiddle(square, 3)).toEqual([0.2, 0.4]);
    expect(withCorner(square, 0, [0.4, 0.1])).toHaveLength(5);
    expect(withCorner(square, 0, [0.4, 0.1])[1]).toEqual([0.4, 0.1]);
    const triangle = withoutCorner(square, 0);
    expect(triangle).toHaveLength(3);
    expect(withoutCorner(triangle, 0)).toHaveLength(3);
    const full = Array.from({ length: 64 }, (): [number, number] => [0, 0]);
    expect(withCorner(full, 0, [1, 1])).toHaveLength(64);
  });

  it('knows how much it covers, and whether it crosses itself', () => {
    expect(areaShare(square)).toBeCloseTo(0.16);
    expect(crossesItself(square)).toBe(false);
    const [a, b, c, d] = [square[0], square[1], square[2], square[3]];
    if (a && b && c && d) expect(crossesItself([a, c, b, d])).toBe(true);
  });

  it('finds a name that is free', () => {
    expect(freeName([])).toBe('zone 1');
    expect(freeName(['zone 1', 'gate', 'zone 2'])).toBe('zone 3');
  });
});

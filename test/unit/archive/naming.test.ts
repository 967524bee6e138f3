import { expect, test } from 'vitest';
import { parseSegmentPath, segmentPath } from '../../../src/archive/naming.ts';

const name = {
  camera: 'front-door',
  stream: 'main',
  start: 1_790_000_000_123,
  epoch: 7,
  replica: 0,
} as const;

test('a path says everything and is read back', () => {
  const path = segmentPath(name);
  expect(path).toBe('front-door/main/2026-09-21/1790000000123-e7-r0-main.mp4');
  expect(parseSegmentPath(path)).toEqual(name);
});

test('fractions of a millisecond are dropped', () => {
  expect(parseSegmentPath(segmentPath({ ...name, start: name.start + 0.75 }))).toEqual(name);
});

test.each([
  'front-door/main/2026-09-22/1790000000123-e7-r0-main.mp4',
  'front-door/sub/2026-09-21/1790000000123-e7-r0-main.mp4',
  'Front/main/2026-09-21/1790000000123-e7-r0-main.mp4',
  '../main/2026-09-21/1790000000123-e7-r0-main.mp4',
  'front-door/main/2026-09-21/1790000000123-e7-main.mp4',
  'a/front-door/main/2026-09-21/1790000000123-e7-r0-main.mp4',
  'front-door/main/1790000000123-e7-r0-main.mp4',
  '',
])('refuses %s', (path) => {
  expect(parseSegmentPath(path)).toBeUndefined();
});

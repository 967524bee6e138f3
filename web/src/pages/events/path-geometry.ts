import type { Box, EventRecord } from '../../../../src/contracts/entities.ts';

type Path = EventRecord['path'];

/** Where the object stood: the middle of the lower edge of its box. */
export const footOf = ([x, y, width, height]: Box): [number, number] => [x + width / 2, y + height];

/** The way it took, as points of an SVG polyline in a picture of 1 by 1. */
export const polyline = (path: Path): string =>
  path
    .map(([, box]) => footOf(box))
    .map(([x, y]) => `${x.toFixed(4)},${y.toFixed(4)}`)
    .join(' ');

/** The box `ms` after the start of the event, between its neighbours on the path; null before and after it. */
export function boxAt(path: Path, ms: number): Box | null {
  const next = path.findIndex(([at]) => at >= ms);
  const after = path[next];
  if (!after) return null;
  const before = path[next - 1];
  if (!before) return after[0] === ms ? after[1] : null;
  const share = (ms - before[0]) / Math.max(1, after[0] - before[0]);
  const between = (index: 0 | 1 | 2 | 3): number =>
    before[1][index] + (after[1][index] - before[1][index]) * share;
  return [between(0), between(1), between(2), between(3)];
}

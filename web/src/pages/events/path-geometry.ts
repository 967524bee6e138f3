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

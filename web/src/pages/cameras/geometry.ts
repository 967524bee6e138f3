import type { Point } from '../../../../src/contracts/entities.ts';

/** Corners of an area, relative to the picture. */
export type Area = readonly Point[];

/** As the contract has it. */
export const MIN_CORNERS = 3;
export const MAX_CORNERS = 64;

const round = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;

/** Within the picture, to a ten-thousandth of it. */
export const toPoint = (x: number, y: number): Point => [round(x), round(y)];

export const moveCorner = (area: Area, index: number, to: Point): Point[] =>
  area.map((corner, at) => (at === index ? to : corner));

/** Unchanged when it would have too few corners. */
export const withoutCorner = (area: Area, index: number): Point[] =>
  area.length <= MIN_CORNERS ? [...area] : area.toSpliced(index, 1);

/** A new corner between `index` and the next one; unchanged when there are too many. */
export const withCorner = (area: Area, index: number, corner: Point): Point[] =>
  area.length >= MAX_CORNERS ? [...area] : area.toSpliced(index + 1, 0, corner);

/** The middle of the edge that begins at a corner. */
export function edgeMiddle(area: Area, index: number): Point {
  const [x1, y1] = area[index] ?? [0, 0];
  const [x2, y2] = area[(index + 1) % area.length] ?? [0, 0];
  return toPoint((x1 + x2) / 2, (y1 + y2) / 2);
}

/** The whole area moved, at most to the edge of the picture, so that it keeps its shape. */
export function moveArea(area: Area, dx: number, dy: number): Point[] {
  const xs = area.map(([x]) => x);
  const ys = area.map(([, y]) => y);
  const within = (by: number, values: number[]): number =>
    Math.max(-Math.min(...values), Math.min(1 - Math.max(...values), by));
  const [x, y] = [within(dx, xs), within(dy, ys)];
  return area.map(([left, top]) => toPoint(left + x, top + y));
}

/** Share of the picture that it covers (shoelace formula). */
export function areaShare(area: Area): number {
  const twice = area.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = area[(index + 1) % area.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** Where a label may stand: the mean of the corners. */
export function labelPlace(area: Area): Point {
  const count = Math.max(1, area.length);
  return toPoint(
    area.reduce((sum, [x]) => sum + x, 0) / count,
    area.reduce((sum, [, y]) => sum + y, 0) / count,
  );
}

/** For an SVG of 1 by 1. */
export const svgPoints = (area: Area): string => area.map(([x, y]) => `${x},${y}`).join(' ');

/** True when two edges cross, so that inside and outside cannot be told apart well. */
export function crossesItself(area: Area): boolean {
  const edges = area.map((from, index) => [from, area[(index + 1) % area.length] ?? from] as const);
  return edges.some((edge, index) =>
    edges.some((other, at) => {
      const neighbours =
        at === index || (at + 1) % edges.length === index || (index + 1) % edges.length === at;
      return !neighbours && crosses(edge, other);
    }),
  );
}

type Edge = readonly [Point, Point];

const side = ([[x1, y1], [x2, y2]]: Edge, [x, y]: Point): number =>
  Math.sign((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1));

const crosses = (a: Edge, b: Edge): boolean =>
  side(a, b[0]) * side(a, b[1]) < 0 && side(b, a[0]) * side(b, a[1]) < 0;

/** A name that no zone has yet: "zone 1", "zone 2". */
export function freeName(names: readonly string[]): string {
  for (let number = 1; ; number++) if (!names.includes(`zone ${number}`)) return `zone ${number}`;
}

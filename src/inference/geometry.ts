import type { Box, Point } from '../contracts/entities.ts';

export const area = (box: Box): number => Math.max(0, box[2]) * Math.max(0, box[3]);

export const centre = (box: Box): Point => [box[0] + box[2] / 2, box[1] + box[3] / 2];

/** Where an upright thing stands: the middle of the lower edge. */
export const foot = (box: Box): Point => [box[0] + box[2] / 2, box[1] + box[3]];

export function intersection(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union, 0 to 1. */
export function iou(a: Box, b: Box): number {
  const shared = intersection(a, b);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

export function union(a: Box, b: Box): Box {
  const left = Math.min(a[0], b[0]);
  const top = Math.min(a[1], b[1]);
  const right = Math.max(a[0] + a[2], b[0] + b[2]);
  const bottom = Math.max(a[1] + a[3], b[1] + b[3]);
  return [left, top, right - left, bottom - top];
}

/** The part of the box that lies in the picture, with four digits. */
export function clip(box: Box): Box {
  const left = clamp(box[0]);
  const top = clamp(box[1]);
  return [
    digits(left),
    digits(top),
    digits(Math.max(0, clamp(box[0] + box[2]) - left)),
    digits(Math.max(0, clamp(box[1] + box[3]) - top)),
  ];
}

/** By the even-odd rule; points on an edge may count either way. */
export function inPolygon([x, y]: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  let before = polygon.at(-1);
  for (const corner of polygon) {
    if (before !== undefined && corner[1] > y !== before[1] > y) {
      const crossing = ((before[0] - corner[0]) * (y - corner[1])) / (before[1] - corner[1]) + corner[0];
      if (x < crossing) inside = !inside;
    }
    before = corner;
  }
  return inside;
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
const digits = (value: number): number => Math.round(value * 10_000) / 10_000;

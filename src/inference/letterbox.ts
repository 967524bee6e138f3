import type { Box } from '../contracts/entities.ts';
import type { RgbImage } from './types.ts';

/** How a picture is laid into the upper left of a square without changing its shape. */
export interface Letterbox {
  readonly width: number;
  readonly height: number;
  readonly size: number;
}

/** @param aspect width over height of the picture as shown. */
export function letterbox(aspect: number, size: number): Letterbox {
  const scaled = aspect >= 1 ? [size, size / aspect] : [size * aspect, size];
  const [width = size, height = size] = scaled.map((side) =>
    Math.min(size, Math.max(2, Math.round(side / 2) * 2)),
  );
  return { width, height, size };
}

/** Fills the square: the picture's rows, and `padding` where it does not reach. */
export function intoSquare(picture: RgbImage, size: number, padding: number): RgbImage {
  const data = new Uint8Array(size * size * 3).fill(padding);
  const row = picture.width * 3;
  for (let y = 0; y < picture.height; y += 1) {
    data.set(picture.data.subarray(y * row, (y + 1) * row), y * size * 3);
  }
  return { width: size, height: size, data };
}

/** A box relative to the square as one relative to the picture. */
export function fromSquare([x, y, width, height]: Box, { width: w, height: h, size }: Letterbox): Box {
  return [(x * size) / w, (y * size) / h, (width * size) / w, (height * size) / h];
}

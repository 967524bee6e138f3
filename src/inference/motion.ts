import type { Box, Point } from '../contracts/entities.ts';
import { area, inPolygon, intersection, union } from './geometry.ts';
import type { LumaImage } from './types.ts';

export interface MotionSettings {
  /** Areas whose changes are not motion. */
  readonly masks: readonly (readonly Point[])[];
  /** 0 (dull) to 1 (nervous). */
  readonly sensitivity: number;
}

export interface MotionResult {
  readonly moving: boolean;
  /** Changed share of the unmasked picture, 0 to 1. */
  readonly share: number;
  /** Around the changed parts, largest first, at most 8. */
  readonly regions: readonly Box[];
  /** The light changed, or the camera turned: the whole picture is new and says nothing about motion. */
  readonly sceneChange: boolean;
}

/** Side of the square cells in which changes are counted, pixels. */
const CELL = 8;
const SCENE_CHANGE_SHARE = 0.7;
/** The background follows a still pixel in some 5 s and a changed one in some 40 s, whatever the frame rate. */
const FOLLOW_STILL_MS = 5_000;
const FOLLOW_CHANGED_MS = 40_000;
const MAX_REGIONS = 8;

const NOTHING: MotionResult = { moving: false, share: 0, regions: [], sceneChange: false };

/**
 * Tells where a picture differs from its own recent past. The background is a running average of each pixel; the
 * brightness of the whole picture is evened out first, so that a cloud is not motion.
 */
export class MotionDetector {
  #settings: MotionSettings;
  #width = 0;
  #height = 0;
  #background = new Float32Array(0);
  /** 1 where a cell counts. */
  #wanted = new Uint8Array(0);
  #wantedCells = 0;
  #last = Number.NaN;

  constructor(settings: MotionSettings) {
    this.#settings = settings;
  }

  configure(settings: MotionSettings): void {
    this.#settings = settings;
    if (this.#width > 0) this.#prepareMask();
  }

  /** @param time milliseconds; must not fall. The first picture of a size only teaches the background. */
  push(image: LumaImage, time: number): MotionResult {
    if (image.width !== this.#width || image.height !== this.#height) {
      this.#learn(image, time);
      return NOTHING;
    }
    const elapsed = Math.min(2_000, Math.max(1, time - this.#last));
    this.#last = time;
    const shift = this.#brightnessShift(image.data);
    const changed = this.#changedCells(image.data, shift);
    let count = 0;
    for (const cell of changed) count += cell;
    const share = this.#wantedCells === 0 ? 0 : count / this.#wantedCells;
    if (share > SCENE_CHANGE_SHARE) {
      this.#learn(image, time);
      return { moving: false, share, regions: [], sceneChange: true };
    }
    this.#follow(image.data, shift, changed, elapsed);
    const regions = share >= this.#minShare ? this.#regions(changed) : [];
    return { moving: regions.length > 0, share, regions, sceneChange: false };
  }

  /** Difference of brightness from which a pixel counts as changed: 45 (dull) to 9 (nervous) of 255. */
  get #pixelThreshold(): number {
    return 45 - 36 * this.#settings.sensitivity;
  }

  /** Share of the picture from which a change counts: 2.5 % (dull), 0.3 % (middle), 0.04 % (nervous). */
  get #minShare(): number {
    return 0.025 * 0.016 ** this.#settings.sensitivity;
  }

  get #columns(): number {
    return Math.ceil(this.#width / CELL);
  }

  #learn(image: LumaImage, time: number): void {
    const resized = image.width !== this.#width || image.height !== this.#height;
    this.#width = image.width;
    this.#height = image.height;
    this.#background = Float32Array.from(image.data.subarray(0, image.width * image.height));
    this.#last = time;
    if (resized) this.#prepareMask();
  }

  #prepareMask(): void {
    const columns = this.#columns;
    const rows = Math.ceil(this.#height / CELL);
    this.#wanted = new Uint8Array(columns * rows);
    this.#wantedCells = 0;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const middle: Point = [((column + 0.5) * CELL) / this.#width, ((row + 0.5) * CELL) / this.#height];
        if (this.#settings.masks.some((mask) => inPolygon(middle, mask))) continue;
        this.#wanted[row * columns + column] = 1;
        this.#wantedCells += 1;
      }
    }
  }

  /** Mean difference to the background over a sparse raster. */
  #brightnessShift(data: Uint8Array): number {
    const differences: number[] = [];
    for (let at = 0; at < this.#background.length; at += 37) {
      differences.push((data[at] ?? 0) - (this.#background[at] ?? 0));
    }
    differences.sort((a, b) => a - b);
    return differences[differences.length >> 1] ?? 0;
  }

  /** A cell is changed when at least an eighth of its pixels are. */
  #changedCells(data: Uint8Array, shift: number): Uint8Array {
    const columns = this.#columns;
    const threshold = this.#pixelThreshold;
    const counts = new Uint8Array(this.#wanted.length);
    let at = 0;
    for (let y = 0; y < this.#height; y += 1) {
      const row = Math.trunc(y / CELL) * columns;
      for (let x = 0; x < this.#width; x += 1, at += 1) {
        const difference = (data[at] ?? 0) - (this.#background[at] ?? 0) - shift;
        if (difference > threshold || difference < -threshold) {
          const cell = row + (x >> 3);
          counts[cell] = (counts[cell] ?? 0) + 1;
        }
      }
    }
    return counts.map((count, cell) => (count >= CELL && this.#wanted[cell] === 1 ? 1 : 0));
  }

  #follow(data: Uint8Array, shift: number, changed: Uint8Array, elapsed: number): void {
    const columns = this.#columns;
    const still = 1 - Math.exp(-elapsed / FOLLOW_STILL_MS);
    const moved = 1 - Math.exp(-elapsed / FOLLOW_CHANGED_MS);
    let at = 0;
    for (let y = 0; y < this.#height; y += 1) {
      const row = Math.trunc(y / CELL) * columns;
      for (let x = 0; x < this.#width; x += 1, at += 1) {
        const background = (this.#background[at] ?? 0) + shift;
        const rate = changed[row + (x >> 3)] === 1 ? moved : still;
        this.#background[at] = background + ((data[at] ?? 0) - background) * rate;
      }
    }
  }

  /** Boxes around cells that touch, those that overlap after growing by a cell joined. */
  #regions(changed: Uint8Array): Box[] {
    const columns = this.#columns;
    const seen = new Uint8Array(changed.length);
    const boxes: Box[] = [];
    for (let start = 0; start < changed.length; start += 1) {
      if (changed[start] !== 1 || seen[start] === 1) continue;
      boxes.push(this.#flood(changed, seen, start, columns));
    }
    return joinOverlapping(boxes)
      .sort((a, b) => area(b) - area(a))
      .slice(0, MAX_REGIONS);
  }

  #flood(changed: Uint8Array, seen: Uint8Array, start: number, columns: number): Box {
    let left = columns;
    let right = 0;
    let top = changed.length;
    let bottom = 0;
    const open = [start];
    seen[start] = 1;
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      const x = cell % columns;
      const y = Math.trunc(cell / columns);
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      for (const [dx, dy] of NEIGHBOURS) {
        const next = cell + dy * columns + dx;
        if (x + dx < 0 || x + dx >= columns || changed[next] !== 1 || seen[next] === 1) continue;
        seen[next] = 1;
        open.push(next);
      }
    }
    return this.#cellsToBox(left - 1, top - 1, right + 2, bottom + 2);
  }

  #cellsToBox(left: number, top: number, right: number, bottom: number): Box {
    const x = Math.max(0, (left * CELL) / this.#width);
    const y = Math.max(0, (top * CELL) / this.#height);
    return [
      x,
      y,
      Math.min(1, (right * CELL) / this.#width) - x,
      Math.min(1, (bottom * CELL) / this.#height) - y,
    ];
  }
}

const NEIGHBOURS = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

function joinOverlapping(boxes: readonly Box[]): Box[] {
  let joined = [...boxes];
  for (let changed = true; changed;) {
    changed = false;
    const next: Box[] = [];
    for (const box of joined) {
      const index = next.findIndex((other) => intersection(other, box) > 0);
      const other = next[index];
      if (other === undefined) next.push(box);
      else {
        next[index] = union(other, box);
        changed = true;
      }
    }
    joined = next;
  }
  return joined;
}

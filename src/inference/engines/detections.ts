import type { Box } from '../../contracts/entities.ts';
import { iou } from '../geometry.ts';
import type { Detection } from '../types.ts';

/** Boxes that overlap by more are one thing, whatever their labels. */
const SAME_THING_IOU = 0.7;

export interface RowFormat {
  readonly labels: readonly string[];
  /** Pixels of the square that the rows measure. */
  readonly size: number;
  readonly minScore: number;
}

/** Reads rows of `x1, y1, x2, y2, score, class`, best first, several readings of one thing reduced to the best. */
export function detectionsFromRows(rows: ArrayLike<number>, format: RowFormat): Detection[] {
  const found: Detection[] = [];
  for (let at = 0; at + 5 < rows.length; at += 6) {
    const detection = fromRow(
      Array.from({ length: 6 }, (_, index) => rows[at + index] ?? Number.NaN),
      format,
    );
    if (detection !== undefined) found.push(detection);
  }
  found.sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  for (const detection of found) {
    if (!kept.some((other) => iou(other.box, detection.box) > SAME_THING_IOU)) kept.push(detection);
  }
  return kept;
}

function fromRow(row: readonly number[], { labels, size, minScore }: RowFormat): Detection | undefined {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, score = 0, index = 0] = row;
  const label = labels[index];
  if (row.some(Number.isNaN) || label === undefined || score < minScore || x2 <= x1 || y2 <= y1)
    return undefined;
  const box: Box = [x1 / size, y1 / size, (x2 - x1) / size, (y2 - y1) / size];
  return { label, score: Math.min(1, score), box };
}

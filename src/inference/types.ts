import type { Box } from '../contracts/entities.ts';

/** One thing that an engine saw in one picture. */
export interface Detection {
  readonly label: string;
  /** 0 to 1 */
  readonly score: number;
  readonly box: Box;
}

/** Brightness only, one byte per pixel, row by row without padding. */
export interface LumaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Red, green, blue, one byte each, row by row without padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Finds objects in pictures. One engine serves one caller at a time. */
export interface Engine {
  /** For status and logs: `centernet on wasm`. */
  readonly name: string;
  readonly labels: readonly string[];
  /** The side of the square that pictures are scaled to, pixels; callers scale and letterbox beforehand. */
  readonly inputSize: number;
  /** @param minScore detections below it are left out. @throws RangeError when the image is not `inputSize` square. */
  detect(image: RgbImage, minScore: number): Promise<Detection[]>;
  close(): void;
}

/** What a sequence parameter set says about the pictures that follow. */
export interface SpsInfo {
  /** RFC 6381 */
  readonly codecString: string;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; absent when the set does not say. */
  readonly fps?: number;
  /** Pictures that may come before one that is shown earlier; absent when the set does not say. */
  readonly reorderFrames?: number;
}

const MAX_SIDE = 16_384;

/** @throws RangeError when a picture of this size cannot be */
export function checkedSize(width: number, height: number): { width: number; height: number } {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new RangeError(`impossible picture size ${String(width)}x${String(height)}`);
  }
  return { width, height };
}

/** Frames per second when the figures make sense. */
export function frameRate(ticks: number, timeScale: number): { fps?: number } {
  if (ticks <= 0 || timeScale <= 0) return {};
  const fps = Math.round((timeScale / ticks) * 1000) / 1000;
  return fps >= 0.05 && fps <= 480 ? { fps } : {};
}

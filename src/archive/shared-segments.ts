import type { VolumeSet } from './volume-set.ts';
import { parseSegmentPath, segmentPath } from './naming.ts';

/**
 * Finds the segment files that other nodes ask for: nothing but what has the name of a segment, on a volume that is here.
 */
export function sharedSegments(
  volumes: Pick<VolumeSet, 'resolve'>,
): (volume: string, path: string) => string | undefined {
  return (volume, path) => {
    const name = parseSegmentPath(path);
    return name && volumes.resolve({ volume, path: segmentPath(name) });
  };
}

import type { Box, Zone } from '../contracts/entities.ts';
import { foot, inPolygon } from './geometry.ts';

/**
 * Names of the zones in which the object stands: the middle of its lower edge counts, and the zone must want its
 * label. Feet below the picture's edge are taken to be on it.
 */
export function zonesOf(label: string, box: Box, zones: readonly Zone[]): string[] {
  const [x, y] = foot(box);
  const standing: [number, number] = [Math.min(0.9999, Math.max(0, x)), Math.min(0.9999, Math.max(0, y))];
  return zones
    .filter((zone) => zone.objects.length === 0 || zone.objects.includes(label))
    .filter((zone) => inPolygon(standing, zone.points))
    .map((zone) => zone.name);
}

export const GRID_SIZES = [1, 4, 9, 16] as const;
export type GridSize = (typeof GRID_SIZES)[number];

export const isGridSize = (value: unknown): value is GridSize => GRID_SIZES.some((size) => size === value);

/** The smallest grid that shows all cameras, 16 when none does. */
export const gridFor = (cameras: number): GridSize => GRID_SIZES.find((size) => size >= cameras) ?? 16;

export function pagesOf<T>(items: readonly T[], size: GridSize): T[][] {
  const pages: T[][] = [];
  for (let at = 0; at < items.length; at += size) pages.push(items.slice(at, at + size));
  return pages;
}

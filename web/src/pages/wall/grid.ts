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

export type Arrow = 'left' | 'right' | 'up' | 'down';

/** The tile that an arrow leads to on a page of `count` tiles; null when it leads off the page. */
export function neighbour(index: number, count: number, size: GridSize, arrow: Arrow): number | null {
  const side = Math.sqrt(size);
  const next = index + { left: -1, right: 1, up: -side, down: side }[arrow];
  return next >= 0 && next < count ? next : null;
}

import { useHotkeys } from '@mantine/hooks';
import type { RefObject } from 'react';
import { toggleFullscreen } from '../../components/fullscreen.ts';
import { neighbour, type Arrow, type GridSize } from './grid.ts';

interface WallKeys {
  readonly wall: RefObject<HTMLElement | null>;
  readonly ids: readonly string[];
  readonly size: GridSize;
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
  readonly onSize: (size: GridSize) => void;
  readonly onMove: (id: string, target: string) => void;
}

/**
 * 1, 4, 9 and 6 choose the grid (6 for 16), arrows go from tile to tile and on to the next page, with shift they move the
 * tile, page up and down turn pages, F fills the screen. Enter opens a tile: it is a link.
 */
export function useWallKeys({ wall, ids, size, page, pages, onPage, onSize, onMove }: WallKeys): void {
  const tileAt = (index: number): HTMLElement | undefined =>
    wall.current?.querySelectorAll<HTMLElement>('[data-camera] a')[index];
  const focused = (): number =>
    ids.findIndex(
      (id) => document.activeElement?.closest('[data-camera]')?.getAttribute('data-camera') === id,
    );
  const turn = (by: 1 | -1): void => onPage(Math.min(pages - 1, Math.max(0, page + by)));

  const go = (arrow: Arrow) => (): void => {
    const at = focused();
    const next = at < 0 ? 0 : neighbour(at, ids.length, size, arrow);
    if (next !== null) tileAt(next)?.focus();
    else if (arrow === 'right') turn(1);
    else if (arrow === 'left') turn(-1);
  };
  const carry = (arrow: Arrow) => (): void => {
    const at = focused();
    const next = at < 0 ? null : neighbour(at, ids.length, size, arrow);
    const [id, target] = [ids[at], next === null ? undefined : ids[next]];
    if (id === undefined || target === undefined) return;
    onMove(id, target);
    requestAnimationFrame(() =>
      wall.current?.querySelector<HTMLElement>(`[data-camera="${CSS.escape(id)}"] a`)?.focus(),
    );
  };
  useHotkeys([
    ['1', () => onSize(1)],
    ['4', () => onSize(4)],
    ['9', () => onSize(9)],
    ['6', () => onSize(16)],
    ['ArrowRight', go('right')],
    ['ArrowLeft', go('left')],
    ['ArrowUp', go('up')],
    ['ArrowDown', go('down')],
    ['shift+ArrowRight', carry('right')],
    ['shift+ArrowLeft', carry('left')],
    ['shift+ArrowUp', carry('up')],
    ['shift+ArrowDown', carry('down')],
    ['PageDown', () => turn(1)],
    ['PageUp', () => turn(-1)],
    ['f', () => wall.current && toggleFullscreen(wall.current)],
  ]);
}

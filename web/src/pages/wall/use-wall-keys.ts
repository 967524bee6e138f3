import { useHotkeys } from '@mantine/hooks';
import { useLocation } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { toggleFullscreen } from '../../components/fullscreen.ts';
import type { GridSize } from './grid.ts';

interface WallKeys {
  readonly tiles: readonly Camera[];
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
  readonly onSize: (size: GridSize) => void;
}

/** 1 to 9 open a camera of the page, arrows turn pages, shift with 1 to 4 chooses the grid, F fills the screen. */
export function useWallKeys({ tiles, page, pages, onPage, onSize }: WallKeys): void {
  const [, navigate] = useLocation();
  const open = (index: number) => (): void => {
    const camera = tiles[index];
    if (camera) navigate(`/cameras/${camera.id}`);
  };
  useHotkeys([
    ...Array.from({ length: 9 }, (_, index): [string, () => void] => [String(index + 1), open(index)]),
    ['ArrowRight', () => onPage(Math.min(pages - 1, page + 1))],
    ['ArrowLeft', () => onPage(Math.max(0, page - 1))],
    ['shift+Digit1', () => onSize(1), { usePhysicalKeys: true }],
    ['shift+Digit2', () => onSize(4), { usePhysicalKeys: true }],
    ['shift+Digit3', () => onSize(9), { usePhysicalKeys: true }],
    ['shift+Digit4', () => onSize(16), { usePhysicalKeys: true }],
    ['f', () => toggleFullscreen(document.documentElement)],
  ]);
}

import { useLocalStorage } from '@mantine/hooks';
import { gridFor, isGridSize, type GridSize } from './grid.ts';

/** The grid that this browser chose last; until it chose, the one that fits the cameras. */
export function useStoredGrid(cameras: number): [GridSize, (size: GridSize) => void] {
  const [stored, store] = useLocalStorage<number>({
    key: 'sightmesh.grid',
    defaultValue: 0,
    getInitialValueInEffect: false,
  });
  return [isGridSize(stored) ? stored : gridFor(cameras), store];
}

import { useLocalStorage } from '@mantine/hooks';
import { useCallback, useMemo } from 'react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { moved, ordered } from './order.ts';

const NONE: string[] = [];

/** The cameras as this browser has arranged them, and the way to put one in the place of another. */
export function useOrder(cameras: readonly Camera[]): [Camera[], (id: string, target: string) => void] {
  const [order, store] = useLocalStorage<string[]>({
    key: 'sightmesh.order',
    defaultValue: NONE,
    getInitialValueInEffect: false,
  });
  const arranged = useMemo(() => ordered(cameras, Array.isArray(order) ? order : NONE), [cameras, order]);
  const move = useCallback(
    (id: string, target: string) =>
      store(
        moved(
          arranged.map((camera) => camera.id),
          id,
          target,
        ),
      ),
    [arranged, store],
  );
  return [arranged, move];
}

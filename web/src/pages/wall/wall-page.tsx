import { Button, Center, Loader, Stack, Text, Title } from '@mantine/core';
import { IconDeviceCctv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type CSSProperties } from 'react';
import { Link } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { camerasQuery } from '../../api/queries.ts';
import { explain } from '../../api/client.ts';
import { useMay } from '../../session/session.ts';
import { pagesOf, type GridSize } from './grid.ts';
import { Tile } from './tile.tsx';
import { WallBar } from './wall-bar.tsx';
import { useWallKeys } from './use-wall-keys.ts';
import { useOrder } from './use-order.ts';
import { useStoredGrid } from './use-stored-grid.ts';
import classes from './wall.module.css';

/** The live wall: the first page after login. */
export function WallPage() {
  const { data: cameras, error } = useQuery(camerasQuery);
  const [size, setSize] = useStoredGrid(cameras?.length ?? 0);
  const [page, setPage] = useState(0);
  if (error) return <Center mih="60dvh">{explain(error)}</Center>;
  if (!cameras) {
    return (
      <Center mih="60dvh">
        <Loader />
      </Center>
    );
  }
  if (cameras.length === 0) return <NoCameras />;
  return <Wall cameras={cameras} page={page} size={size} onPage={setPage} onSize={setSize} />;
}

interface WallProps {
  readonly cameras: readonly Camera[];
  readonly page: number;
  readonly size: GridSize;
  readonly onPage: (page: number) => void;
  readonly onSize: (size: GridSize) => void;
}

function Wall({ cameras, page, size, onPage, onSize }: WallProps) {
  const wall = useRef<HTMLElement>(null);
  const [arranged, move] = useOrder(cameras);
  const all = pagesOf(arranged, size);
  const at = Math.min(page, all.length - 1);
  const tiles = all[at] ?? [];
  const pages = { page: at, pages: all.length, size, onPage, onSize };
  useWallKeys({ ...pages, wall, ids: tiles.map(({ id }) => id), onMove: move });
  return (
    <section ref={wall} className={classes.wall} aria-label="Live wall">
      <h1 className={classes.hidden}>Live wall</h1>
      <WallBar {...pages} wall={wall} />
      <div className={classes.grid} data-size={size} style={gridStyle(size, tiles.length)}>
        {tiles.map((camera) => (
          <Tile key={camera.id} camera={camera} small={size > 1} onDrop={(id) => move(id, camera.id)} />
        ))}
      </div>
    </section>
  );
}

/** A page that is not full uses only the rows that it needs. */
function gridStyle(size: GridSize, tiles: number): CSSProperties {
  const side = Math.sqrt(size);
  return {
    gridTemplate: `repeat(${Math.ceil(tiles / side)}, minmax(0, 1fr)) / repeat(${side}, minmax(0, 1fr))`,
  };
}

function NoCameras() {
  const may = useMay();
  return (
    <Center mih="70dvh" p="md">
      <Stack align="center" gap="xs" maw={420} ta="center">
        <IconDeviceCctv size={48} stroke={1.2} />
        <Title order={2} size="h3">
          No cameras yet
        </Title>
        <Text c="dimmed">
          {may('cameras.manage')
            ? 'Add the first one: its RTSP address is enough.'
            : 'An administrator has to give you cameras.'}
        </Text>
        {may('cameras.manage') && (
          <Button component={Link} href="/cameras/new" mt="sm">
            Add a camera
          </Button>
        )}
      </Stack>
    </Center>
  );
}

import { Button, Center, Loader, Stack, Text, Title } from '@mantine/core';
import { IconDeviceCctv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type CSSProperties } from 'react';
import { Link } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { camerasQuery } from '../../api/queries.ts';
import { explain } from '../../api/client.ts';
import { useMay } from '../../session/session.ts';
import { pagesOf, type GridSize } from './grid.ts';
import { Tile } from './tile.tsx';
import { WallBar } from './wall-bar.tsx';
import { useWallKeys } from './use-wall-keys.ts';
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
  const pages = pagesOf(cameras, size);
  const shown = Math.min(page, pages.length - 1);
  return <Wall pages={pages} page={shown} size={size} onPage={setPage} onSize={setSize} />;
}

interface WallProps {
  readonly pages: readonly (readonly Camera[])[];
  readonly page: number;
  readonly size: GridSize;
  readonly onPage: (page: number) => void;
  readonly onSize: (size: GridSize) => void;
}

function Wall({ pages, page, size, onPage, onSize }: WallProps) {
  const tiles = pages[page] ?? [];
  useWallKeys({ tiles, page, pages: pages.length, onPage, onSize });
  return (
    <section className={classes.wall} aria-label="Live wall">
      <h1 className={classes.hidden}>Live wall</h1>
      <WallBar size={size} page={page} pages={pages.length} onPage={onPage} onSize={onSize} />
      <div className={classes.grid} data-size={size} style={gridStyle(size, tiles.length)}>
        {tiles.map((camera) => (
          <Tile key={camera.id} camera={camera} small={size > 1} />
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

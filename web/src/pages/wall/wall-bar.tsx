import { ActionIcon, Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconMaximize } from '@tabler/icons-react';
import type { RefObject } from 'react';
import { toggleFullscreen } from '../../components/fullscreen.ts';
import { GRID_SIZES, isGridSize, type GridSize } from './grid.ts';
import classes from './wall.module.css';

interface WallBarProps {
  readonly wall: RefObject<HTMLElement | null>;
  readonly size: GridSize;
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
  readonly onSize: (size: GridSize) => void;
}

export function WallBar({ wall, size, page, pages, onPage, onSize }: WallBarProps) {
  const choose = (value: string): void => {
    const next = Number(value);
    if (isGridSize(next)) onSize(next);
  };
  return (
    <Group className={classes.bar} justify="space-between" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label="Cameras at once"
        value={String(size)}
        onChange={choose}
        data={GRID_SIZES.map((value) => ({ value: String(value), label: String(value) }))}
      />
      <Group gap={4} wrap="nowrap">
        {pages > 1 && (
          <>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="Previous page"
              disabled={page === 0}
              onClick={() => onPage(page - 1)}
            >
              <IconChevronLeft size={18} />
            </ActionIcon>
            <Text size="sm" c="dimmed">
              {page + 1} / {pages}
            </Text>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="Next page"
              disabled={page >= pages - 1}
              onClick={() => onPage(page + 1)}
            >
              <IconChevronRight size={18} />
            </ActionIcon>
          </>
        )}
        <Tooltip label="Fill the screen (F)">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Fill the screen"
            onClick={() => wall.current && toggleFullscreen(wall.current)}
          >
            <IconMaximize size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  );
}

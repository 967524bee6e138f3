import { Button, CloseButton, Group, Text } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { IconDownload } from '@tabler/icons-react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { iso } from '../../api/queries.ts';
import { playbackUrl } from '../../api/urls.ts';
import { formatDuration } from '../../components/format.ts';
import { length, type Span } from '../../timeline/math.ts';
import { recordedWithin } from '../../timeline/playable.ts';
import { fileName } from './picture.ts';
import classes from './camera.module.css';

interface ExportBarProps {
  readonly camera: Camera;
  readonly range: Span;
  readonly recorded: readonly Span[];
  readonly onRange: (range: Span) => void;
  readonly onClose: () => void;
}

/** The range between the two handles, to be saved as one MP4. */
export function ExportBar({ camera, range, recorded, onRange, onClose }: ExportBarProps) {
  const has = recordedWithin(recorded, range);
  const name = fileName(camera, range.from, 'mp4');
  const change =
    (edge: keyof Span) =>
    (value: string | null): void => {
      const time = value === null ? Number.NaN : new Date(value).getTime();
      if (Number.isNaN(time)) return;
      const next = { ...range, [edge]: time };
      if (next.to > next.from) onRange(next);
    };
  return (
    <Group className={classes.export} gap="sm" role="group" aria-label="Export">
      <DateTimePicker
        size="xs"
        withSeconds
        valueFormat="YYYY-MM-DD HH:mm:ss"
        aria-label="Export from"
        value={new Date(range.from)}
        onChange={change('from')}
      />
      <Text size="sm" c="dimmed">
        to
      </Text>
      <DateTimePicker
        size="xs"
        withSeconds
        valueFormat="YYYY-MM-DD HH:mm:ss"
        aria-label="Export to"
        value={new Date(range.to)}
        onChange={change('to')}
      />
      <Text size="sm" c="dimmed">
        {formatDuration(length(range))}
        {has < length(range) - 500 && `, ${formatDuration(has)} of it recorded`}
      </Text>
      <Button
        component="a"
        size="xs"
        ml="auto"
        leftSection={<IconDownload size={16} />}
        href={playbackUrl(camera.id, iso(range.from), iso(range.to), name)}
        download={name}
        data-disabled={has === 0}
        aria-disabled={has === 0}
        onClick={(event) => has === 0 && event.preventDefault()}
      >
        Save as MP4
      </Button>
      <CloseButton aria-label="Close export" onClick={onClose} />
    </Group>
  );
}

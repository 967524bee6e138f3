import { ActionIcon, Button, Group, Popover, Select, Text, Tooltip } from '@mantine/core';
import { DatePicker } from '@mantine/dates';
import {
  IconCalendar,
  IconCamera,
  IconCut,
  IconMaximize,
  IconPictureInPicture,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
  IconRewindBackward10,
  IconRewindForward10,
  IconVolume,
  IconVolumeOff,
  IconZoomIn,
  IconZoomOut,
  type Icon,
} from '@tabler/icons-react';
import { useState, type RefObject } from 'react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { formatFullDay } from '../../components/format.ts';
import { toggleFullscreen } from '../../components/fullscreen.ts';
import { useMay } from '../../session/session.ts';
import { startOfDay } from '../../timeline/math.ts';
import type { Ways } from './camera-view.tsx';
import { pictureInPicture, savePicture } from './picture.ts';
import { RATES, type Moment } from './use-moment.ts';
import classes from './camera.module.css';

interface CameraBarProps {
  readonly camera: Camera;
  readonly moment: Moment;
  readonly ways: Ways;
  readonly muted: boolean;
  readonly onMute: () => void;
  readonly onRate: (rate: number) => void;
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly exporting: boolean;
  readonly onExport: () => void;
  readonly cursor: number;
  readonly now: number;
}

export function CameraBar(props: CameraBarProps) {
  const { camera, moment, ways, muted, onMute, stage, exporting, onExport, cursor, now } = props;
  const may = useMay();
  return (
    <Group className={classes.bar} gap={4} justify="space-between">
      <Group gap={4} wrap="nowrap">
        {may('playback') && <Playing {...props} />}
      </Group>
      <Group gap={4}>
        <DayButton cursor={cursor} now={now} onDay={ways.seek} />
        <Tool icon={IconZoomOut} label="Show more time (−)" onClick={() => ways.zoom(2)} />
        <Tool icon={IconZoomIn} label="Show less time (+)" onClick={() => ways.zoom(0.5)} />
        <Tool
          icon={muted ? IconVolumeOff : IconVolume}
          label={muted ? 'Sound on (M)' : 'Sound off (M)'}
          onClick={onMute}
        />
        <Tool
          icon={IconCamera}
          label="Save this picture (S)"
          onClick={() => savePicture(camera, cursor, ways.picture())}
        />
        <Tool
          icon={IconPictureInPicture}
          label="Own window"
          onClick={() => pictureInPicture(ways.picture())}
        />
        <Tool
          icon={IconMaximize}
          label="Fill the screen (F)"
          onClick={() => stage.current && toggleFullscreen(stage.current)}
        />
        {may('export') && (
          <Tool icon={IconCut} label="Export a range (E)" onClick={onExport} active={exporting} />
        )}
      </Group>
      {moment.live ? null : (
        <span className={classes.hiddenText} aria-live="polite">
          {moment.playing ? 'Playing' : 'Paused'}
        </span>
      )}
    </Group>
  );
}

function Playing({ moment, ways, onRate }: CameraBarProps) {
  return (
    <>
      <Button
        size="compact-sm"
        variant={moment.live ? 'filled' : 'default'}
        color={moment.live ? 'red.8' : 'gray'}
        onClick={ways.live}
        aria-pressed={moment.live}
        mr={4}
      >
        Live
      </Button>
      <Tool icon={IconRewindBackward10} label="10 seconds back (←)" onClick={() => ways.jump(-10_000)} />
      {!moment.live && (
        <>
          {!moment.playing && (
            <Tool icon={IconPlayerSkipBack} label="One picture back (,)" onClick={() => ways.step(-1)} />
          )}
          <Tool
            icon={moment.playing ? IconPlayerPauseFilled : IconPlayerPlayFilled}
            label={moment.playing ? 'Pause (Space)' : 'Play (Space)'}
            onClick={ways.toggle}
          />
          {!moment.playing && (
            <Tool icon={IconPlayerSkipForward} label="One picture on (.)" onClick={() => ways.step(1)} />
          )}
          <Tool icon={IconRewindForward10} label="10 seconds on (→)" onClick={() => ways.jump(10_000)} />
          <Select
            size="xs"
            w={74}
            aria-label="Speed"
            allowDeselect={false}
            value={String(moment.rate)}
            onChange={(value) => onRate(Number(value ?? 1))}
            data={RATES.map((rate) => ({ value: String(rate), label: `${rate}×` }))}
          />
        </>
      )}
    </>
  );
}

interface ToolProps {
  readonly icon: Icon;
  readonly label: string;
  readonly onClick: () => void;
  readonly active?: boolean;
}

function Tool({ icon: ToolIcon, label, onClick, active = false }: ToolProps) {
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon
        variant={active ? 'light' : 'subtle'}
        color={active ? 'lagoon' : 'gray'}
        size="lg"
        aria-label={label}
        onClick={onClick}
      >
        <ToolIcon size={19} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

interface DayButtonProps {
  readonly cursor: number;
  readonly now: number;
  readonly onDay: (time: number) => void;
}

function DayButton({ cursor, now, onDay }: DayButtonProps) {
  const [opened, setOpened] = useState(false);
  const choose = (value: string | null): void => {
    setOpened(false);
    if (value === null) return;
    // The same time of day on the chosen day.
    onDay(
      Math.min(
        Date.now(),
        startOfDay(new Date(`${value}T12:00:00`).getTime()) + (cursor - startOfDay(cursor)),
      ),
    );
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="top" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          leftSection={<IconCalendar size={17} stroke={1.7} />}
          onClick={() => setOpened(!opened)}
        >
          <Text span size="sm">
            {formatFullDay(cursor)}
          </Text>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <DatePicker value={localDay(cursor)} onChange={choose} maxDate={localDay(now)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function localDay(time: number): string {
  const date = new Date(time);
  return [
    date.getFullYear(),
    String(date.getMonth() + 1).padStart(2, '0'),
    String(date.getDate()).padStart(2, '0'),
  ].join('-');
}

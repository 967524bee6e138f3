import { ScrollArea, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import type { Camera, EventRecord } from '../../../../src/contracts/entities.ts';
import { formatClock, formatDuration, formatNearDay, capital } from '../../components/format.ts';
import { EventPicture } from '../../components/event-picture.tsx';
import { LabelDot } from '../../components/label-dot.tsx';
import { useMay } from '../../session/session.ts';
import classes from './camera.module.css';

interface SideEventsProps {
  readonly camera: Camera;
  readonly events: readonly EventRecord[];
  readonly cursor: number;
  readonly live: boolean;
  readonly onOpen: (id: string) => void;
}

const SHOWN = 60;

/** The events next to the moment on the screen, newest first. */
export function SideEvents({ camera, events, cursor, live, onOpen }: SideEventsProps) {
  const may = useMay();
  const minute = Math.floor(cursor / 60_000);
  const near = useMemo(() => {
    const newest = live ? 0 : events.findIndex((event) => Date.parse(event.start) < (minute + 10) * 60_000);
    return events.slice(Math.max(0, newest), Math.max(0, newest) + SHOWN);
  }, [events, live, minute]);
  if (!may('events.view')) return null;
  return (
    <aside className={classes.side} aria-label={`Events of ${camera.name}`}>
      <Title order={2} size="h6" px="xs" pb={6}>
        Events
      </Title>
      <ScrollArea className={classes.sideScroll} type="auto">
        {near.length === 0 && (
          <Text size="sm" c="dimmed" px="xs">
            Nothing happened here in this time.
          </Text>
        )}
        {near.map((event) => (
          <button
            key={event.id}
            type="button"
            className={classes.sideEvent}
            data-current={isCurrent(event, cursor, live) || undefined}
            onClick={() => onOpen(event.id)}
          >
            <span className={classes.sidePicture}>
              <EventPicture event={event} box={false} />
            </span>
            <span className={classes.sideText}>
              <span className={classes.sideLabel}>
                <LabelDot label={event.label} />
                {capital(event.sublabel ?? event.label)}
              </span>
              <span>
                {formatNearDay(Date.parse(event.start))} {formatClock(Date.parse(event.start))}
              </span>
              <span>
                {event.end === null
                  ? 'still going on'
                  : formatDuration(Date.parse(event.end) - Date.parse(event.start))}
              </span>
            </span>
          </button>
        ))}
      </ScrollArea>
    </aside>
  );
}

const isCurrent = (event: EventRecord, cursor: number, live: boolean): boolean =>
  !live &&
  cursor >= Date.parse(event.start) - 4000 &&
  (event.end === null || cursor <= Date.parse(event.end));

import { ActionIcon, Button, Group, Modal, Text, Tooltip } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import {
  IconCheck,
  IconChevronLeft,
  IconChevronRight,
  IconDownload,
  IconTimeline,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { applyEvent } from '../../api/event-cache.ts';
import { KEYS } from '../../api/queries.ts';
import { eventClipUrl } from '../../api/urls.ts';
import { capital } from '../../components/format.ts';
import { LabelDot } from '../../components/label-dot.tsx';
import { notifyFailed } from '../../components/notify.ts';
import { Trouble, Waiting } from '../../components/page.tsx';
import { useMay } from '../../session/session.ts';
import { EventFacts } from './event-facts.tsx';
import { EventMedia } from './event-media.tsx';
import classes from './events.module.css';

interface EventDialogProps {
  readonly id: string;
  readonly events: readonly EventRecord[];
  readonly nameOf: (camera: string) => string;
  readonly onOpen: (id: string | null) => void;
  /** More of the list is needed to go on. */
  readonly onMore: () => void;
}

/** One event: picture and clip, where it went, and what a person says it is. */
export function EventDialog({ id, events, nameOf, onOpen, onMore }: EventDialogProps) {
  const listed = events.find((event) => event.id === id);
  const { data, error } = useQuery({
    queryKey: KEYS.event(id),
    queryFn: ({ signal }) => call('getEvent', { id }, signal),
    ...(listed && { initialData: listed }),
  });
  const event = listed ?? data;
  const phone = useMediaQuery('(max-width: 48em)');
  const at = events.findIndex((candidate) => candidate.id === id);
  const newer = at > 0 ? events[at - 1] : undefined;
  const older = at >= 0 ? events[at + 1] : undefined;
  useEffect(() => {
    if (at >= events.length - 3) onMore();
    // Only where the reader is counts.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at]);
  const go = (target: EventRecord | undefined) => () => {
    if (target) onOpen(target.id);
  };
  useHotkeys([
    ['ArrowLeft', go(newer)],
    ['ArrowRight', go(older)],
  ]);
  return (
    <Modal
      opened
      onClose={() => onOpen(null)}
      size={1080}
      padding={0}
      fullScreen={phone}
      centered
      withCloseButton={false}
      aria-label={event ? `${capital(event.label)}, ${nameOf(event.camera)}` : 'Event'}
      transitionProps={{ duration: 0 }}
    >
      {error && !event && <Trouble error={error} />}
      {!event && !error && <Waiting />}
      {event && (
        <>
          <Group className={classes.dialogHead} gap="xs" wrap="nowrap">
            <Step label="Newer event (←)" icon={IconChevronLeft} onClick={newer && go(newer)} />
            <Step label="Older event (→)" icon={IconChevronRight} onClick={older && go(older)} />
            <LabelDot label={event.label} />
            <Text fw={600} component="h2" m={0} className={classes.cut}>
              {capital(event.sublabel ?? event.label)}
            </Text>
            <Text c="var(--sm-soft)" size="sm" className={classes.cut}>
              {nameOf(event.camera)}
            </Text>
            <Modal.CloseButton ml="auto" aria-label="Close event" />
          </Group>
          <div className={classes.dialogBody}>
            <EventMedia key={event.id} event={event} />
            <div className={classes.dialogSide}>
              <EventFacts key={event.id} event={event} cameraName={nameOf(event.camera)} />
              <Actions event={event} />
            </div>
          </div>
        </>
      )}
    </Modal>
  );
}

interface StepProps {
  readonly label: string;
  readonly icon: typeof IconChevronLeft;
  readonly onClick: (() => void) | undefined;
}

function Step({ label, icon: StepIcon, onClick }: StepProps) {
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        data-disabled={!onClick}
        aria-disabled={!onClick}
        onClick={() => onClick?.()}
      >
        <StepIcon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Playback on the timeline begins a little before the event. */
const BEFORE_MS = 3000;

function Actions({ event }: { event: EventRecord }) {
  const may = useMay();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const review = useMutation({
    mutationFn: (reviewed: boolean) => call('updateEvent', { id: event.id, reviewed }),
    onSuccess: (changed) => applyEvent(queries, changed),
    onError: (error) => notifyFailed('The event was not changed', error),
  });
  const timeline = `/cameras/${event.camera}?at=${new Date(Date.parse(event.start) - BEFORE_MS).toISOString()}`;
  const edit = may('events.edit');
  useHotkeys([
    ['r', () => edit && review.mutate(!event.reviewed)],
    ['t', () => may('playback') && navigate(timeline)],
  ]);
  return (
    <Group gap="xs" mt="auto">
      {edit && (
        <Button
          size="xs"
          variant={event.reviewed ? 'light' : 'filled'}
          leftSection={<IconCheck size={16} />}
          aria-pressed={event.reviewed}
          loading={review.isPending}
          onClick={() => review.mutate(!event.reviewed)}
        >
          {event.reviewed ? 'Reviewed' : 'Mark as reviewed'}
        </Button>
      )}
      {may('playback') && (
        <Button
          component={Link}
          href={timeline}
          size="xs"
          variant="default"
          leftSection={<IconTimeline size={16} />}
        >
          On the timeline
        </Button>
      )}
      {may('export') && event.clip !== null && (
        <Button
          component="a"
          href={eventClipUrl(event.id)}
          download={`${event.camera}_${event.label}_${event.start.slice(0, 19).replaceAll(':', '-')}.mp4`}
          size="xs"
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          Save the clip
        </Button>
      )}
    </Group>
  );
}

import { IconCheck } from '@tabler/icons-react';
import { memo } from 'react';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { EventPicture } from '../../components/event-picture.tsx';
import { capital, formatClock, formatDuration } from '../../components/format.ts';
import { LabelDot } from '../../components/label-dot.tsx';
import classes from './events.module.css';

interface EventCardProps {
  readonly event: EventRecord;
  readonly cameraName: string;
  readonly onOpen: (id: string) => void;
}

/** One event of the list: what, where, when. */
export const EventCard = memo(function EventCard({ event, cameraName, onOpen }: EventCardProps) {
  const start = Date.parse(event.start);
  return (
    <button
      type="button"
      className={classes.card}
      data-event={event.id}
      data-reviewed={event.reviewed || undefined}
      onClick={() => onOpen(event.id)}
    >
      <span className={classes.picture}>
        <EventPicture event={event} box />
        {event.end === null && <span className={classes.now}>Now</span>}
      </span>
      <span className={classes.cardText}>
        <span className={classes.cardTitle}>
          <LabelDot label={event.label} />
          <span className={classes.cut}>{capital(event.sublabel ?? event.label)}</span>
          {event.reviewed && <IconCheck size={14} stroke={2.2} aria-label="Reviewed" />}
          <span className={classes.scoreText}>{Math.round(event.score * 100)} %</span>
        </span>
        <span className={classes.cardLine}>
          <span className={classes.cut}>{cameraName}</span>
          <span className={classes.time}>
            {formatClock(start)}
            {event.end !== null && ` · ${formatDuration(Date.parse(event.end) - start)}`}
          </span>
        </span>
      </span>
    </button>
  );
});

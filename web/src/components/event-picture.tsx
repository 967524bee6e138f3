import { IconPhotoOff } from '@tabler/icons-react';
import { useState } from 'react';
import type { EventRecord } from '../../../src/contracts/entities.ts';
import { eventSnapshotUrl } from '../api/urls.ts';
import { labelColour } from './labels.ts';
import classes from './event-picture.module.css';

/** The picture of an event, with a frame around what was seen. */
export function EventPicture({ event, box }: { event: EventRecord; box: boolean }) {
  const [failed, setFailed] = useState(false);
  const [left, top, width, height] = event.box;
  return (
    <span className={classes.picture}>
      {event.snapshot === null || failed ? (
        <IconPhotoOff size={22} stroke={1.3} />
      ) : (
        <>
          <img
            src={eventSnapshotUrl(event.id)}
            alt={`${event.label}, ${event.camera}`}
            loading="lazy"
            onError={() => setFailed(true)}
          />
          {box && (
            <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
              <rect
                x={left}
                y={top}
                width={width}
                height={height}
                rx={0.008}
                fill="none"
                stroke={labelColour(event.label)}
                strokeWidth={2}
                vectorEffect="non-scaling-stroke"
              />
            </svg>
          )}
        </>
      )}
    </span>
  );
}

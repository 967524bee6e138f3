import { Group, SegmentedControl, Switch, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconMovieOff } from '@tabler/icons-react';
import { useRef, useState, type RefObject } from 'react';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { eventClipUrl, eventSnapshotUrl } from '../../api/urls.ts';
import { labelColour } from '../../components/labels.ts';
import { play } from '../../player/transport.ts';
import { useMay } from '../../session/session.ts';
import { footOf, polyline } from './path-geometry.ts';
import classes from './events.module.css';

type Shown = 'picture' | 'clip';

/** The picture with what was seen and the way it went, or the clip. */
export function EventMedia({ event }: { event: EventRecord }) {
  const may = useMay();
  const hasClip = event.clip !== null && may('events.view');
  const [shown, setShown] = useState<Shown>(event.snapshot === null && hasClip ? 'clip' : 'picture');
  const [overlay, setOverlay] = useState(true);
  const video = useRef<HTMLVideoElement>(null);
  useHotkeys([
    ['c', () => hasClip && setShown(shown === 'clip' ? 'picture' : 'clip')],
    [
      'space',
      () => {
        if (!video.current) setShown(hasClip ? 'clip' : 'picture');
        else if (video.current.paused) play(video.current);
        else video.current.pause();
      },
    ],
  ]);
  return (
    <div className={classes.media}>
      <div className={classes.mediaStage}>
        {shown === 'clip' ? (
          <Clip key={event.end} event={event} video={video} />
        ) : (
          <Picture event={event} overlay={overlay} />
        )}
      </div>
      <Group className={classes.mediaBar} gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="What to show"
          value={shown}
          onChange={setShown}
          data={[
            { value: 'picture', label: 'Picture' },
            { value: 'clip', label: 'Clip', disabled: !hasClip },
          ]}
        />
        {shown === 'picture' && (
          <Switch
            size="xs"
            label="Box and path"
            checked={overlay}
            onChange={(changed) => setOverlay(changed.currentTarget.checked)}
          />
        )}
        <Text size="xs" c="var(--sm-soft)" ml="auto" visibleFrom="sm">
          Space plays, R marks as reviewed, T opens the timeline
        </Text>
      </Group>
    </div>
  );
}

function Picture({ event, overlay }: { event: EventRecord; overlay: boolean }) {
  const [failed, setFailed] = useState(false);
  const [ratio, setRatio] = useState(16 / 9);
  if (event.snapshot === null || failed) return <Missing text="There is no picture of this event" />;
  return (
    <div className={classes.frame} style={{ aspectRatio: ratio }}>
      <img
        src={eventSnapshotUrl(event.id)}
        alt={`${event.label} seen by ${event.camera}`}
        onLoad={({ currentTarget: image }) => setRatio(image.naturalWidth / Math.max(1, image.naturalHeight))}
        onError={() => setFailed(true)}
      />
      {overlay && <Overlay event={event} />}
    </div>
  );
}

/** The box where it was seen best, the path of its foot, and where that began. */
function Overlay({ event }: { event: EventRecord }) {
  const colour = labelColour(event.label);
  const [x, y, width, height] = event.box;
  const first = event.path[0];
  const last = event.path.at(-1);
  return (
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
      {event.path.length > 1 && (
        <polyline
          points={polyline(event.path)}
          fill="none"
          stroke={colour}
          strokeWidth={2}
          strokeDasharray="5 4"
          vectorEffect="non-scaling-stroke"
        />
      )}
      {first && <Dot at={footOf(first[1])} colour="#fff" />}
      {last && last !== first && <Dot at={footOf(last[1])} colour={colour} />}
      <rect
        x={x}
        y={y}
        width={width}
        height={height}
        fill="none"
        stroke={colour}
        strokeWidth={2.5}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

/** Round whatever the shape of the picture: a line of no length with a round cap. */
function Dot({ at: [x, y], colour }: { at: readonly [number, number]; colour: string }) {
  return (
    <line
      x1={x}
      y1={y}
      x2={x + 1e-5}
      y2={y}
      stroke={colour}
      strokeWidth={9}
      strokeLinecap="round"
      vectorEffect="non-scaling-stroke"
    />
  );
}

function Clip({ event, video }: { event: EventRecord; video: RefObject<HTMLVideoElement | null> }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <Missing text="Nothing was recorded of this event, or it is gone by retention" />;
  return (
    <video
      ref={video}
      src={eventClipUrl(event.id)}
      controls
      autoPlay
      muted
      loop
      playsInline
      aria-label="Clip of the event"
      onError={() => setFailed(true)}
    />
  );
}

function Missing({ text }: { text: string }) {
  return (
    <span className={classes.missing} role="status">
      <IconMovieOff size={26} stroke={1.3} />
      {text}
    </span>
  );
}

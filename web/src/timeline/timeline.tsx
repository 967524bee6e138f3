import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { formatClock, formatDuration, formatMoment } from '../components/format.ts';
import { gapCause } from '../components/labels.ts';
import { draw, HEIGHT, LANES, readPalette, type Scene } from './draw.ts';
import { clamp, timeAt, xOf, type Span } from './math.ts';
import { useTimelinePointer } from './use-timeline-pointer.ts';
import classes from './timeline.module.css';

export interface TimelineProps extends Scene {
  readonly camera: string;
  readonly onView: (view: Span) => void;
  /** `done` is false while the pointer is still down. */
  readonly onSeek: (time: number, done: boolean) => void;
  readonly onMark: (id: string) => void;
  readonly onRange: (range: Span) => void;
  /** The address of the picture at a time. */
  readonly preview: (time: number) => string;
}

/** Recordings, gaps and events over time: drag to move, wheel or pinch to zoom, click to go there. */
export function Timeline(props: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: sizer, width } = useElementSize<HTMLCanvasElement>();
  const ref = useMergedRef(canvas, sizer);
  const scheme = useComputedColorScheme('dark');
  const { hover, handlers } = useTimelinePointer(canvas, props);
  const { view, recorded, gaps, marks, cursor, live, now, range } = props;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
    if (element.width !== wide || element.height !== high) {
      element.width = wide;
      element.height = high;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, width, { view, recorded, gaps, marks, cursor, live, now, range }, readPalette(element));
  }, [width, view, recorded, gaps, marks, cursor, live, now, range, scheme]);

  return (
    <div className={classes.timeline}>
      <canvas
        ref={ref}
        className={classes.canvas}
        height={HEIGHT}
        tabIndex={0}
        role="slider"
        aria-label="Time"
        aria-valuemin={view.from}
        aria-valuemax={view.to}
        aria-valuenow={cursor}
        aria-valuetext={live ? 'Live' : formatMoment(cursor)}
        {...handlers}
      />
      {hover !== null && width > 0 && <Hover {...props} x={hover.x} y={hover.y} width={width} />}
    </div>
  );
}

const PREVIEW_WIDTH = 176;

interface HoverProps extends TimelineProps {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** What lies under the pointer: the time, the picture, the cause of a gap. */
function Hover({ x, y, width, view, recorded, gaps, marks, preview }: HoverProps) {
  const time = timeAt(view, width, x);
  const gap = gaps.find(({ from, to }) => time >= from && time < to);
  const mark =
    y >= LANES.marks.top
      ? marks.find(({ from, to }) => x >= xOf(view, width, from) - 2 && x <= xOf(view, width, to) + 4)
      : undefined;
  const has = recorded.some(({ from, to }) => time >= from && time < to);
  const left = clamp(x - PREVIEW_WIDTH / 2, 0, Math.max(0, width - PREVIEW_WIDTH));
  return (
    <div className={classes.hover} style={{ left, width: PREVIEW_WIDTH }}>
      {has && <Preview key={Math.round(x / 6)} url={preview(mark?.from ?? time)} />}
      <div className={classes.hoverText}>
        <strong>{formatClock(mark?.from ?? time)}</strong>
        {mark && <span>{mark.label}</span>}
        {gap && (
          <span>
            {gapCause(gap.cause)}, {formatDuration(gap.to - gap.from)}
          </span>
        )}
        {!has && !gap && <span>Nothing recorded</span>}
      </div>
    </div>
  );
}

/** Asks for the picture only when the pointer rests. */
function Preview({ url }: { url: string }) {
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setShown(url), 220);
    return () => clearTimeout(timer);
    // The pointer rests: one picture for this place is enough.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <div className={classes.preview}>
      {shown !== null && <img src={shown} alt="" onError={() => setShown(null)} />}
    </div>
  );
}

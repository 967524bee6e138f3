import { useEffect, useRef, useState, type PointerEvent, type RefObject } from 'react';
import { LANES } from './draw.ts';
import { length, pan, timeAt, xOf, zoom, type Span } from './math.ts';
import type { TimelineProps } from './timeline.tsx';

type Drag =
  | { kind: 'pan'; startX: number; moved: boolean; view: Span }
  | { kind: 'cursor' }
  | { kind: 'edge'; edge: 'from' | 'to' }
  | { kind: 'pinch'; distance: number; view: Span };

interface Point {
  readonly x: number;
  readonly y: number;
}

const GRIP = 9;
const STILL = 4;

/** What the pointer, the wheel and two fingers do on the timeline. */
export function useTimelinePointer(canvas: RefObject<HTMLCanvasElement | null>, props: TimelineProps) {
  const [hover, setHover] = useState<Point | null>(null);
  const drag = useRef<Drag | null>(null);
  const fingers = useRef(new Map<number, Point>());
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { view, now, onView } = latest.current;
      const width = element.clientWidth;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        onView(pan(view, (event.deltaX / width) * length(view), now));
        return;
      }
      const anchor = timeAt(view, width, event.clientX - element.getBoundingClientRect().left);
      onView(zoom(view, Math.exp(event.deltaY * 0.0016), anchor, now));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [canvas]);

  const at = (event: PointerEvent<HTMLCanvasElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (event.button !== 0) return;
    const point = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    fingers.current.set(event.pointerId, point);
    drag.current =
      fingers.current.size === 2
        ? pinch(fingers.current, props.view)
        : begin(point, event.currentTarget.clientWidth, props);
    setHover(null);
  };

  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>): void => {
    const point = at(event);
    const width = event.currentTarget.clientWidth;
    if (!drag.current) {
      if (event.pointerType === 'mouse') setHover(point);
      return;
    }
    fingers.current.set(event.pointerId, point);
    move(drag.current, point, width, props, fingers.current);
  };

  const onPointerUp = (event: PointerEvent<HTMLCanvasElement>): void => {
    const current = drag.current;
    fingers.current.delete(event.pointerId);
    drag.current = null;
    if (current) finish(current, at(event), event.currentTarget.clientWidth, props);
  };

  const cancel = (event: PointerEvent<HTMLCanvasElement>): void => {
    fingers.current.delete(event.pointerId);
    drag.current = null;
  };

  return {
    hover,
    handlers: {
      onPointerDown,
      onPointerMove,
      onPointerUp,
      onPointerCancel: cancel,
      onPointerLeave: () => setHover(null),
    },
  };
}

function begin({ x }: Point, width: number, { view, range, cursor, live }: TimelineProps): Drag {
  if (range) {
    for (const edge of ['from', 'to'] as const)
      if (Math.abs(xOf(view, width, range[edge]) - x) < GRIP) return { kind: 'edge', edge };
  }
  if (!live && Math.abs(xOf(view, width, cursor) - x) < GRIP) return { kind: 'cursor' };
  return { kind: 'pan', startX: x, moved: false, view };
}

const distance = (points: Map<number, Point>): number => {
  const [a, b] = [...points.values()];
  return a && b ? Math.max(20, Math.abs(a.x - b.x)) : 20;
};

const pinch = (points: Map<number, Point>, view: Span): Drag => ({
  kind: 'pinch',
  distance: distance(points),
  view,
});

function move(
  drag: Drag,
  { x }: Point,
  width: number,
  props: TimelineProps,
  points: Map<number, Point>,
): void {
  const { view, now, range } = props;
  switch (drag.kind) {
    case 'pan':
      drag.moved ||= Math.abs(x - drag.startX) > STILL;
      if (drag.moved) props.onView(pan(drag.view, ((drag.startX - x) / width) * length(drag.view), now));
      return;
    case 'pinch': {
      const middle = [...points.values()].reduce((sum, point) => sum + point.x, 0) / points.size;
      props.onView(zoom(drag.view, drag.distance / distance(points), timeAt(drag.view, width, middle), now));
      return;
    }
    case 'cursor': {
      props.onSeek(Math.min(now, timeAt(view, width, x)), false);
      return;
    }
    case 'edge': {
      if (!range) return;
      const time = Math.min(now, timeAt(view, width, x));
      if (drag.edge === 'from') props.onRange({ from: Math.min(time, range.to - 1000), to: range.to });
      else props.onRange({ from: range.from, to: Math.max(time, range.from + 1000) });
    }
  }
}

function finish(drag: Drag, { x, y }: Point, width: number, props: TimelineProps): void {
  const { view, now, marks } = props;
  if (drag.kind === 'cursor') {
    props.onSeek(Math.min(now, timeAt(view, width, x)), true);
    return;
  }
  if (drag.kind !== 'pan' || drag.moved) return;
  const hit = (from: number, to: number): boolean =>
    x >= xOf(view, width, from) - 3 && x <= Math.max(xOf(view, width, to), xOf(view, width, from) + 4) + 3;
  const mark = y >= LANES.marks.top ? marks.find(({ from, to }) => hit(from, to)) : undefined;
  if (mark) props.onMark(mark.id);
  else props.onSeek(Math.min(now, timeAt(view, width, x)), true);
}

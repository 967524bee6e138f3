import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Point } from '../../../../src/contracts/entities.ts';
import { snapshotUrl } from '../../api/urls.ts';
import {
  edgeMiddle,
  labelPlace,
  moveArea,
  moveCorner,
  svgPoints,
  toPoint,
  withCorner,
  withoutCorner,
  type Area,
} from './geometry.ts';
import classes from './form.module.css';

export interface Choice {
  readonly kind: 'zone' | 'mask';
  readonly index: number;
}

export interface Shape extends Choice {
  readonly name: string;
  readonly area: Area;
}

interface AreaEditorProps {
  readonly camera: string;
  readonly shapes: readonly Shape[];
  readonly chosen: Choice | null;
  readonly readOnly: boolean;
  readonly onChoose: (choice: Choice | null) => void;
  readonly onChange: (choice: Choice, area: Point[]) => void;
}

/** Areas over the newest picture of the camera. */
export function AreaEditor({ camera, shapes, chosen, readOnly, onChoose, onChange }: AreaEditorProps) {
  const board = useRef<HTMLDivElement>(null);
  const [ratio, setRatio] = useState(16 / 9);
  const [failed, setFailed] = useState(false);
  const active = shapes.find(({ kind, index }) => kind === chosen?.kind && index === chosen.index);
  const at = ({ clientX, clientY }: PointerEvent): [number, number] => {
    const box = board.current?.getBoundingClientRect();
    return box ? [(clientX - box.left) / box.width, (clientY - box.top) / box.height] : [0, 0];
  };
  return (
    <div ref={board} className={classes.board} style={{ aspectRatio: ratio }}>
      {failed ? (
        <span className={classes.noPicture}>There is no picture of this camera now</span>
      ) : (
        <img
          src={snapshotUrl(camera, { height: 720 })}
          alt="Newest picture of the camera"
          draggable={false}
          onLoad={({ currentTarget: image }) =>
            setRatio(image.naturalWidth / Math.max(1, image.naturalHeight))
          }
          onError={() => setFailed(true)}
        />
      )}
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
        <rect width={1} height={1} fill="transparent" onPointerDown={() => onChoose(null)} />
        {shapes.map((shape) => (
          <Polygon
            key={`${shape.kind} ${shape.index}`}
            shape={shape}
            chosen={shape === active}
            movable={!readOnly}
            at={at}
            onChoose={onChoose}
            onChange={onChange}
          />
        ))}
      </svg>
      {shapes.map((shape) => (
        <span
          key={`${shape.kind} ${shape.index}`}
          className={classes.areaName}
          style={place(labelPlace(shape.area))}
        >
          {shape.name}
        </span>
      ))}
      {active && !readOnly && <Handles shape={active} at={at} onChange={onChange} />}
    </div>
  );
}

const place = ([x, y]: Point): { left: string; top: string } => ({
  left: `${x * 100}%`,
  top: `${y * 100}%`,
});

interface PolygonProps {
  readonly shape: Shape;
  readonly chosen: boolean;
  readonly movable: boolean;
  readonly at: (event: PointerEvent) => [number, number];
  readonly onChoose: (choice: Choice) => void;
  readonly onChange: (choice: Choice, area: Point[]) => void;
}

function Polygon({ shape, chosen, movable, at, onChoose, onChange }: PolygonProps) {
  const drag = useRef<{ from: [number, number]; area: Area } | null>(null);
  return (
    <polygon
      points={svgPoints(shape.area)}
      className={classes.polygon}
      data-kind={shape.kind}
      data-chosen={chosen || undefined}
      vectorEffect="non-scaling-stroke"
      onPointerDown={(event) => {
        event.stopPropagation();
        onChoose(shape);
        if (!movable || !chosen) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { from: at(event), area: shape.area };
      }}
      onPointerMove={(event) => {
        if (!drag.current) return;
        const [x, y] = at(event);
        onChange(shape, moveArea(drag.current.area, x - drag.current.from[0], y - drag.current.from[1]));
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
    />
  );
}

interface HandlesProps {
  readonly shape: Shape;
  readonly at: (event: PointerEvent) => [number, number];
  readonly onChange: (choice: Choice, area: Point[]) => void;
}

const STEP = 0.005;
const ARROWS: Record<string, Point> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** The corners of the chosen area, and between them the places for new ones. */
function Handles({ shape, at, onChange }: HandlesProps) {
  const { area, name } = shape;
  const dragged = useRef<number | null>(null);
  const grab = (event: PointerEvent, index: number): void => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    dragged.current = index;
  };
  const move = (event: PointerEvent): void => {
    if (dragged.current !== null) onChange(shape, moveCorner(area, dragged.current, toPoint(...at(event))));
  };
  const key = (event: KeyboardEvent, index: number, [x, y]: Point): void => {
    const step = ARROWS[event.key];
    if (step) {
      event.preventDefault();
      const times = event.shiftKey ? 5 : 1;
      onChange(shape, moveCorner(area, index, toPoint(x + step[0] * times, y + step[1] * times)));
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      onChange(shape, withoutCorner(area, index));
    }
  };
  const end = (): void => {
    dragged.current = null;
  };
  return (
    <>
      {area.map((corner, index) => (
        <button
          key={`corner ${index}`}
          type="button"
          className={classes.corner}
          style={place(corner)}
          aria-label={`Corner ${index + 1} of ${name}`}
          onPointerDown={(event) => grab(event, index)}
          onPointerMove={move}
          onPointerUp={end}
          onPointerCancel={end}
          onDoubleClick={() => onChange(shape, withoutCorner(area, index))}
          onKeyDown={(event) => key(event, index, corner)}
        />
      ))}
      {area.map((_, index) => (
        <button
          key={`edge ${index}`}
          type="button"
          className={classes.edge}
          style={place(edgeMiddle(area, index))}
          aria-label={`Add a corner after corner ${index + 1} of ${name}`}
          onClick={() => onChange(shape, withCorner(area, index, edgeMiddle(area, index)))}
        />
      ))}
    </>
  );
}

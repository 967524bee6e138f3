import type { GapCause } from '../../../src/contracts/entities.ts';
import { formatClock, formatDay, formatMinutes } from '../components/format.ts';
import { gapCause, labelColour } from '../components/labels.ts';
import { DAY, MINUTE, startOfDay, ticks, xOf, type Span } from './math.ts';

export interface Mark extends Span {
  readonly id: string;
  readonly label: string;
}

export interface Gap extends Span {
  readonly cause: GapCause;
}

export interface Scene {
  readonly view: Span;
  readonly recorded: readonly Span[];
  readonly gaps: readonly Gap[];
  readonly marks: readonly Mark[];
  /** The moment shown, or null while live. */
  readonly cursor: number;
  readonly live: boolean;
  readonly now: number;
  readonly range: Span | null;
}

export interface Palette {
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly track: string;
  readonly recorded: string;
  readonly gap: string;
  readonly accent: string;
}

export const HEIGHT = 92;
export const LANES = { axis: 22, recorded: { top: 28, height: 30 }, marks: { top: 64, height: 16 } } as const;

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: value('--mantine-color-text'),
    soft: value('--sm-soft'),
    line: value('--sm-line'),
    track: value('--timeline-track'),
    recorded: value('--timeline-recorded'),
    gap: value('--timeline-gap'),
    accent: value('--timeline-accent'),
  };
}

/** Paints the whole timeline; pixels are CSS pixels. */
export function draw(context: CanvasRenderingContext2D, width: number, scene: Scene, palette: Palette): void {
  context.clearRect(0, 0, width, HEIGHT);
  const x = (time: number): number => xOf(scene.view, width, time);
  drawTrack(context, width, x, scene, palette);
  drawAxis(context, width, scene, palette);
  drawMarks(context, x, scene);
  if (scene.range) drawRange(context, x, scene.range, palette);
  drawCursor(context, x(scene.cursor), scene, palette);
}

type ToX = (time: number) => number;

function bar(context: CanvasRenderingContext2D, x: ToX, span: Span, top: number, height: number): void {
  const left = x(span.from);
  context.fillRect(left, top, Math.max(1, x(span.to) - left), height);
}

function drawTrack(
  context: CanvasRenderingContext2D,
  width: number,
  x: ToX,
  scene: Scene,
  palette: Palette,
): void {
  const { top, height } = LANES.recorded;
  context.fillStyle = palette.track;
  context.fillRect(0, top, Math.min(width, x(scene.now)), height);
  context.fillStyle = palette.recorded;
  for (const span of scene.recorded) bar(context, x, span, top, height);
  context.fillStyle = palette.gap;
  for (const gap of scene.gaps) bar(context, x, gap, top + height - 4, 4);
  drawCauses(context, width, x, scene, palette);
}

/** The cause of a gap stands in it where it has room. */
function drawCauses(
  context: CanvasRenderingContext2D,
  width: number,
  x: ToX,
  { gaps }: Scene,
  palette: Palette,
): void {
  const { top, height } = LANES.recorded;
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  context.fillStyle = palette.text;
  for (const gap of gaps) {
    const [left, right] = [Math.max(0, x(gap.from)), Math.min(width, x(gap.to))];
    const text = gapCause(gap.cause);
    if (right - left > context.measureText(text).width + 12)
      context.fillText(text, (left + right) / 2, top + height / 2 - 1);
  }
}

function drawAxis(context: CanvasRenderingContext2D, width: number, { view }: Scene, palette: Palette): void {
  const { times, step } = ticks(view, width, 78);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  for (const time of times) {
    const at = Math.round(xOf(view, width, time)) + 0.5;
    const midnight = time === startOfDay(time);
    context.strokeStyle = palette.line;
    context.beginPath();
    context.moveTo(at, LANES.axis);
    context.lineTo(at, HEIGHT);
    context.stroke();
    context.fillStyle = midnight ? palette.text : palette.soft;
    if (at > 20 && at < width - 20) context.fillText(tickText(time, step, midnight), at, 11);
  }
}

function tickText(time: number, step: number, midnight: boolean): string {
  if (midnight || step >= DAY) return formatDay(time);
  return step < MINUTE ? formatClock(time) : formatMinutes(time);
}

function drawMarks(context: CanvasRenderingContext2D, x: ToX, { marks }: Scene): void {
  const { top, height } = LANES.marks;
  for (const mark of marks) {
    const left = x(mark.from);
    context.fillStyle = labelColour(mark.label);
    context.beginPath();
    context.roundRect(left, top, Math.max(4, x(mark.to) - left), height, 2);
    context.fill();
  }
}

function drawRange(context: CanvasRenderingContext2D, x: ToX, range: Span, palette: Palette): void {
  const [left, right] = [x(range.from), x(range.to)];
  context.fillStyle = palette.accent;
  context.globalAlpha = 0.18;
  context.fillRect(left, LANES.axis, right - left, HEIGHT - LANES.axis);
  context.globalAlpha = 1;
  for (const edge of [left, right]) {
    context.fillRect(edge - 1, LANES.axis, 2, HEIGHT - LANES.axis);
    context.beginPath();
    context.roundRect(edge - 5, LANES.recorded.top + 5, 10, LANES.recorded.height - 10, 4);
    context.fill();
  }
}

function drawCursor(context: CanvasRenderingContext2D, at: number, scene: Scene, palette: Palette): void {
  const text = scene.live ? 'Live' : formatClock(scene.cursor);
  context.fillStyle = scene.live ? '#e5484d' : palette.accent;
  context.fillRect(at - 1, 4, 2, HEIGHT - 4);
  context.font = '600 11px system-ui, sans-serif';
  const wide = context.measureText(text).width + 12;
  const left = Math.min(Math.max(0, at - wide / 2), context.canvas.clientWidth - wide);
  context.beginPath();
  context.roundRect(left, 1, wide, 19, 6);
  context.fill();
  context.fillStyle = '#fff';
  context.textAlign = 'left';
  context.fillText(text, left + 6, 11);
}

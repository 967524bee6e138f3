import { drawCar, drawFigure, type FigureLook } from './actors.ts';
import type { TestScene } from './address.ts';
import { drawBackground } from './background.ts';
import { drawText, textArea } from './font.ts';
import { type Colour, Picture, type Rect, rgb } from './picture.ts';
import { Dice } from './dice.ts';

/** Where the ground of the walker and of the car is, as a share of the height. */
const WALK_LINE = 0.93;
const ROAD_LINE = 0.72;
const WHITE = rgb(255, 255, 255);
const BLACK = rgb(12, 12, 14);

interface Passage {
  /** Seconds for one crossing, and of nothing behind it. */
  readonly crossing: number;
  readonly pause: number;
  readonly shift: number;
}

/**
 * Draws the moving picture of a test camera: pure in the name and the time. Only what changes is drawn anew, so that
 * a picture costs little.
 */
export class SceneDrawing {
  readonly picture: Picture;
  readonly #background: Picture;
  readonly #look: FigureLook;
  readonly #paint: Colour;
  readonly #walk: Passage;
  readonly #drive: Passage;
  readonly #dot: number;
  #drawn: Rect[] = [];

  constructor({ name, width, height }: Pick<TestScene, 'name' | 'width' | 'height'>) {
    const dice = new Dice(name);
    this.#look = {
      coat: dice.colour(0.35, 0.75),
      trousers: dice.colour(0.1, 0.35),
      hair: dice.pick([rgb(40, 28, 20), rgb(90, 60, 30), rgb(150, 120, 70)]),
    };
    this.#paint = dice.colour(0.4, 0.85);
    this.#walk = { crossing: dice.between(11, 16), pause: dice.between(8, 14), shift: dice.between(0, 20) };
    this.#drive = { crossing: dice.between(4, 6), pause: dice.between(16, 28), shift: dice.between(0, 20) };
    this.#dot = Math.max(1, Math.round(height / 180));
    this.#background = new Picture(width, height);
    drawBackground(this.#background, dice);
    const at = { x: 2 * this.#dot, y: height - 9 * this.#dot };
    this.#background.rect(textArea(name, at, this.#dot), BLACK);
    drawText(this.#background, name, at, this.#dot, WHITE);
    this.picture = new Picture(width, height);
    this.picture.copy(this.#background, { x: 0, y: 0, width, height });
  }

  /** @param time milliseconds since 1970. @returns the areas that changed */
  draw(time: number): readonly Rect[] {
    const before = this.#drawn;
    for (const area of before) this.picture.copy(this.#background, area);
    this.#drawn = [...this.#drawCar(time / 1000), ...this.#drawWalker(time / 1000), this.#drawClock(time)];
    return [...before, ...this.#drawn];
  }

  #drawCar(seconds: number): Rect[] {
    const drive = passage(this.#drive, seconds);
    if (drive === undefined) return [];
    const { width, height } = this.picture;
    const length = 0.42 * height;
    const x = (drive.share * (width + 2 * length) - length - width / 2) * drive.facing + width / 2;
    return [drawCar(this.picture, { x, y: ROAD_LINE * height }, length, drive.facing, this.#paint)];
  }

  #drawWalker(seconds: number): Rect[] {
    const walk = passage(this.#walk, seconds);
    if (walk === undefined) return [];
    const { width, height } = this.picture;
    const tall = 0.5 * height;
    const x = (walk.share * (width + tall) - tall / 2 - width / 2) * walk.facing + width / 2;
    const feet = { x, y: WALK_LINE * height };
    return [drawFigure(this.picture, feet, tall, seconds * 6, walk.facing, this.#look)];
  }

  #drawClock(time: number): Rect {
    const text = clockText(time);
    const at = { x: 2 * this.#dot, y: 2 * this.#dot };
    const area = textArea(text, at, this.#dot);
    this.picture.rect(area, BLACK);
    drawText(this.picture, text, at, this.#dot, WHITE);
    return area;
  }
}

/** UTC, e.g. `2026-03-01 12:00:00.040Z`. */
export const clockText = (time: number): string => new Date(time).toISOString().replace('T', ' ');

/** How far a crossing is, 0 to 1, and which way it goes; undefined in the pause. Every other one comes back. */
function passage(
  { crossing, pause, shift }: Passage,
  seconds: number,
): { share: number; facing: 1 | -1 } | undefined {
  const period = crossing + pause;
  const at = (seconds + shift) % (2 * period);
  const inside = at % period;
  if (inside >= crossing) return undefined;
  return { share: inside / crossing, facing: at < period ? 1 : -1 };
}

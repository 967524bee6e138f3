import { type Colour, type Picture, type Rect, rgb, type Spot } from './picture.ts';

export interface FigureLook {
  readonly coat: Colour;
  readonly trousers: Colour;
  readonly hair: Colour;
}

const SKIN = rgb(214, 168, 138);
const SHOE = rgb(35, 32, 30);
const GLASS = rgb(120, 150, 170);
const TYRE = rgb(25, 25, 27);
const LAMP = rgb(250, 240, 180);
const SHADOW_ASPECT = 0.08;

/**
 * A walking person, seen from the side.
 *
 * @param feet between the feet, on the ground
 * @param height pixels
 * @param phase of the step, radians
 * @param facing 1 to the right, -1 to the left
 * @returns the area that was drawn in
 */
export function drawFigure(
  picture: Picture,
  feet: Spot,
  height: number,
  phase: number,
  facing: number,
  look: FigureLook,
): Rect {
  const swing = Math.sin(phase);
  const at = (x: number, y: number): Spot => ({ x: feet.x + facing * x * height, y: feet.y - y * height });
  const legs = (side: number): void => {
    const knee = at(side * swing * 0.09 + 0.015, 0.26);
    const foot = at(side * swing * 0.17 - Math.max(0, -side * swing) * 0.03, 0.03);
    picture.limb(at(0, 0.47), knee, 0.055 * height, look.trousers);
    picture.limb(knee, foot, 0.042 * height, look.trousers);
    picture.limb(foot, { x: foot.x + facing * 0.06 * height, y: foot.y }, 0.025 * height, SHOE);
  };
  const arm = (side: number, colour: Colour): void => {
    const elbow = at(-side * swing * 0.09 - 0.01, 0.62);
    const hand = at(-side * swing * 0.15 + 0.03, 0.48);
    picture.limb(at(0, 0.79), elbow, 0.036 * height, colour);
    picture.limb(elbow, hand, 0.03 * height, colour);
    picture.ellipse(hand, 0.028 * height, 0.028 * height, SKIN);
  };
  const dark = { ...look.coat, y: Math.max(16, look.coat.y - 22) };
  picture.ellipse({ x: feet.x, y: feet.y }, 0.22 * height, SHADOW_ASPECT * 0.3 * height, rgb(60, 62, 60));
  arm(-1, dark);
  legs(-1);
  legs(1);
  picture.limb(at(0.005, 0.76), at(0, 0.5), 0.088 * height, look.coat);
  picture.limb(at(0.01, 0.84), at(0.01, 0.87), 0.03 * height, SKIN);
  picture.ellipse(at(0.015, 0.925), 0.055 * height, 0.07 * height, SKIN);
  picture.ellipse(at(-0.005, 0.95), 0.055 * height, 0.05 * height, look.hair);
  arm(1, look.coat);
  return { x: feet.x - 0.3 * height, y: feet.y - 1.02 * height, width: 0.6 * height, height: 1.07 * height };
}

/**
 * A car, seen from the side.
 *
 * @param middle of the wheels' line on the ground
 * @param length pixels
 * @param facing 1 to the right, -1 to the left
 * @returns the area that was drawn in
 */
export function drawCar(picture: Picture, middle: Spot, length: number, facing: number, paint: Colour): Rect {
  const at = (x: number, y: number): Spot => ({
    x: middle.x + facing * x * length,
    y: middle.y - y * length,
  });
  const low = { ...paint, y: Math.max(16, paint.y - 30) };
  picture.ellipse(at(0, 0), 0.52 * length, 0.035 * length, rgb(48, 48, 50));
  picture.polygon([at(-0.3, 0.2), at(-0.17, 0.34), at(0.13, 0.34), at(0.27, 0.2)], paint);
  picture.polygon([at(-0.24, 0.2), at(-0.15, 0.31), at(-0.03, 0.31), at(-0.03, 0.2)], GLASS);
  picture.polygon([at(0, 0.2), at(0, 0.31), at(0.11, 0.31), at(0.21, 0.2)], GLASS);
  picture.polygon([at(-0.48, 0.07), at(-0.47, 0.21), at(0.34, 0.21), at(0.49, 0.16), at(0.49, 0.07)], paint);
  picture.polygon([at(-0.48, 0.05), at(-0.48, 0.1), at(0.49, 0.1), at(0.49, 0.05)], low);
  picture.ellipse(at(0.47, 0.15), 0.02 * length, 0.02 * length, LAMP);
  for (const x of [-0.29, 0.3]) {
    picture.ellipse(at(x, 0.07), 0.085 * length, 0.085 * length, TYRE);
    picture.ellipse(at(x, 0.07), 0.045 * length, 0.045 * length, rgb(150, 152, 156));
  }
  return {
    x: middle.x - 0.54 * length,
    y: middle.y - 0.36 * length,
    width: 1.08 * length,
    height: 0.42 * length,
  };
}

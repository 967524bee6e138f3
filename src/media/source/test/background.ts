import type { Dice } from './dice.ts';
import { type Picture, rgb } from './picture.ts';

const HORIZON = 0.46;
const ROAD_TOP = 0.6;
const ROAD_BOTTOM = 0.76;

/** A yard: sky, a row of houses and trees, a road, a pavement. Drawn once for each scene. */
export function drawBackground(picture: Picture, dice: Dice): void {
  const { width, height } = picture;
  for (let row = 0; row < HORIZON * height; row += 1) {
    const share = row / (HORIZON * height);
    picture.span(row, 0, width, rgb(120 + 70 * share, 160 + 50 * share, 205 + 20 * share));
  }
  const grass = dice.between(80, 115);
  for (let row = Math.floor(HORIZON * height); row < height; row += 1) {
    const share = (row / height - HORIZON) / (1 - HORIZON);
    picture.span(row, 0, width, rgb(grass - 15 + 20 * share, grass + 25 + 15 * share, grass - 35));
  }
  drawHouses(picture, dice);
  drawRoad(picture);
}

function drawHouses(picture: Picture, dice: Dice): void {
  const { width, height } = picture;
  const ground = (HORIZON + 0.08) * height;
  for (let x = -dice.between(0, 0.1) * width; x < width;) {
    const wide = dice.between(0.16, 0.28) * width;
    const tall = dice.between(0.18, 0.3) * height;
    if (dice.next() < 0.3) drawTree(picture, x + wide / 2, ground, tall * 1.2, dice);
    else drawHouse(picture, { x, y: ground - tall, width: wide * 0.86, height: tall }, dice);
    x += wide;
  }
}

function drawHouse(
  picture: Picture,
  wall: { x: number; y: number; width: number; height: number },
  dice: Dice,
): void {
  const { x, y, width, height } = wall;
  picture.rect(wall, dice.colour(0.55, 0.85, 0.25));
  const roof = dice.pick([rgb(120, 60, 45), rgb(80, 75, 80), rgb(100, 80, 60)]);
  picture.polygon(
    [
      { x: x - width * 0.06, y },
      { x: x + width / 2, y: y - height * 0.55 },
      { x: x + width * 1.06, y },
    ],
    roof,
  );
  const glass = rgb(70, 85, 105);
  for (const share of [0.12, 0.66]) {
    picture.rect(
      { x: x + share * width, y: y + height * 0.25, width: width * 0.22, height: height * 0.3 },
      glass,
    );
  }
  const door = { x: x + width * 0.42, y: y + height * 0.45, width: width * 0.16, height: height * 0.55 };
  picture.rect(door, rgb(85, 60, 45));
}

function drawTree(picture: Picture, x: number, ground: number, tall: number, dice: Dice): void {
  picture.rect(
    { x: x - tall * 0.05, y: ground - tall * 0.5, width: tall * 0.1, height: tall * 0.5 },
    rgb(80, 60, 45),
  );
  const leaf = rgb(50 + dice.between(0, 30), 95 + dice.between(0, 30), 50);
  picture.ellipse({ x, y: ground - tall * 0.75 }, tall * 0.35, tall * 0.42, leaf);
}

function drawRoad(picture: Picture): void {
  const { width, height } = picture;
  picture.rect(
    { x: 0, y: ROAD_TOP * height, width, height: (ROAD_BOTTOM - ROAD_TOP) * height },
    rgb(92, 92, 96),
  );
  for (let x = 0; x < width; x += width / 10) {
    const dash = { x, y: (ROAD_TOP + 0.07) * height, width: width / 20, height: Math.max(1, height / 120) };
    picture.rect(dash, rgb(215, 215, 210));
  }
  picture.rect({ x: 0, y: (ROAD_BOTTOM + 0.08) * height, width, height: height }, rgb(158, 154, 148));
  picture.rect(
    { x: 0, y: (ROAD_BOTTOM + 0.08) * height, width, height: Math.max(1, height / 90) },
    rgb(125, 122, 118),
  );
}

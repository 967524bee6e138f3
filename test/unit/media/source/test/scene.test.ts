import { describe, expect, it } from 'vitest';
import { drawText, textArea } from '../../../../../src/media/source/test/font.ts';
import { Picture, rgb } from '../../../../../src/media/source/test/picture.ts';
import { clockText, SceneDrawing } from '../../../../../src/media/source/test/scene.ts';

const RED = rgb(255, 0, 0);
const BLACK = { y: 16, u: 128, v: 128 };
const scene = (name: string, width = 320, height = 180) => new SceneDrawing({ name, width, height });
const NOON = Date.UTC(2026, 2, 1, 12, 0, 0, 40);

describe('Picture', () => {
  it('draws in all three planes and cuts off what lies outside', () => {
    const picture = new Picture(16, 8);
    picture.rect({ x: -5, y: 2, width: 9, height: 100 }, RED);
    expect(picture.colourAt(0, 2)).toEqual(RED);
    expect(picture.colourAt(3, 7)).toEqual(RED);
    expect(picture.colourAt(4, 4)).toEqual(BLACK);
    expect(picture.colourAt(0, 1)).toEqual(BLACK);
    picture.ellipse({ x: 15, y: 4 }, 40, 40, RED);
    expect(picture.data).toHaveLength(16 * 8 * 1.5);
  });

  it('fills convex shapes and round limbs', () => {
    const picture = new Picture(20, 20);
    picture.polygon(
      [
        { x: 0, y: 0 },
        { x: 20, y: 0 },
        { x: 0, y: 20 },
      ],
      RED,
    );
    expect(picture.colourAt(2, 2)).toEqual(RED);
    expect(picture.colourAt(18, 18)).toEqual(BLACK);
    const limb = new Picture(20, 20);
    limb.limb({ x: 10, y: 4 }, { x: 10, y: 16 }, 2, RED);
    expect(limb.colourAt(10, 10)).toEqual(RED);
    expect(limb.colourAt(14, 10)).toEqual(BLACK);
  });

  it('takes an area over from another picture, and nothing beside it', () => {
    const from = new Picture(16, 16);
    from.rect({ x: 0, y: 0, width: 16, height: 16 }, RED);
    const to = new Picture(16, 16);
    to.copy(from, { x: 4, y: 4, width: 4, height: 4 });
    expect(to.colourAt(5, 5)).toEqual(RED);
    expect(to.colourAt(3, 5)).toEqual(BLACK);
    expect(to.colourAt(8, 8)).toEqual(BLACK);
    to.copy(from, { x: 20, y: 20, width: 4, height: 4 });
  });
});

describe('text', () => {
  it('is drawn dot by dot inside its area', () => {
    const picture = new Picture(40, 20);
    const at = { x: 2, y: 2 };
    drawText(picture, '1', at, 2, RED);
    const lit: string[] = [];
    for (let row = 0; row < 7; row += 1) {
      lit.push(
        Array.from({ length: 5 }, (_, column) =>
          picture.colourAt(2 + column * 2, 2 + row * 2).y === RED.y ? '#' : '.',
        ).join(''),
      );
    }
    expect(lit).toEqual(['..#..', '.##..', '..#..', '..#..', '..#..', '..#..', '.###.']);
    expect(textArea('12', at, 2)).toEqual({ x: 0, y: 0, width: 26, height: 18 });
  });

  it('shows a question mark for what it cannot write', () => {
    const written = ['?', '€'].map((text) => {
      const picture = new Picture(12, 10);
      drawText(picture, text, { x: 1, y: 1 }, 1, RED);
      return picture.data;
    });
    expect(written[0]).not.toEqual(new Picture(12, 10).data);
    expect(written[1]).toEqual(written[0]);
  });
});

describe('SceneDrawing', () => {
  it('shows UTC with milliseconds', () => {
    expect(clockText(NOON)).toBe('2026-03-01 12:00:00.040Z');
  });

  it('depends on name and time alone, whatever was drawn before', () => {
    const used = scene('yard');
    for (let second = 0; second < 90; second += 1) used.draw(NOON + second * 1_000);
    used.draw(NOON);
    const fresh = scene('yard');
    fresh.draw(NOON);
    expect(used.picture.data.equals(fresh.picture.data)).toBe(true);
    const other = scene('gate');
    other.draw(NOON);
    expect(other.picture.data.equals(fresh.picture.data)).toBe(false);
  });

  it('changes nothing but the areas that it tells', () => {
    const drawing = scene('street');
    for (let second = 0; second < 60; second += 1) {
      const before = Buffer.from(drawing.picture.data);
      const areas = drawing.draw(NOON + second * 900);
      for (let y = 0; y < 180; y += 3) {
        for (let x = 0; x < 320; x += 3) {
          const inside = areas.some(
            (area) =>
              x >= area.x - 2 &&
              x <= area.x + area.width + 2 &&
              y >= area.y - 2 &&
              y <= area.y + area.height + 2,
          );
          if (!inside && before[y * 320 + x] !== drawing.picture.data[y * 320 + x]) {
            throw new Error(`${String(x)},${String(y)} changed at second ${String(second)}`);
          }
        }
      }
    }
  });

  it('has passages with somebody in sight and pauses without', () => {
    const drawing = scene('yard');
    const counts = Array.from({ length: 120 }, (_, second) => {
      drawing.draw(NOON + second * 1_000);
      return drawing.draw(NOON + second * 1_000 + 1).length / 2;
    });
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(2);
    expect(Math.min(...counts)).toBe(1);
  });

  it.each([
    [64, 36],
    [1920, 1080],
  ])('fits into %i×%i', (width, height) => {
    const drawing = scene('a name that is much too long for this', width, height);
    for (let second = 0; second < 30; second += 1) drawing.draw(NOON + second * 1_000);
    expect(drawing.picture.data).toHaveLength(width * height * 1.5);
  });
});

import type { Colour, Picture, Rect, Spot } from './picture.ts';

const GLYPH_WIDTH = 5;
const GLYPH_HEIGHT = 7;
const ADVANCE = 6;

/** Five columns from the left, the lowest bit on top. */
const GLYPHS: Readonly<Record<string, string>> = {
  '0': '3e5149453e',
  '1': '00427f4000',
  '2': '4261514946',
  '3': '2141454b31',
  '4': '1814127f10',
  '5': '2745454539',
  '6': '3c4a494930',
  '7': '0171090503',
  '8': '3649494936',
  '9': '064949291e',
  A: '7e1111117e',
  B: '7f49494936',
  C: '3e41414122',
  D: '7f4141221c',
  E: '7f49494941',
  F: '7f09090901',
  G: '3e4149497a',
  H: '7f0808087f',
  I: '00417f4100',
  J: '2040413f01',
  K: '7f08142241',
  L: '7f40404040',
  M: '7f020c027f',
  N: '7f0408107f',
  O: '3e4141413e',
  P: '7f09090906',
  Q: '3e4151215e',
  R: '7f09192946',
  S: '4649494931',
  T: '01017f0101',
  U: '3f4040403f',
  V: '1f2040201f',
  W: '3f4038403f',
  X: '6314081463',
  Y: '0708700807',
  Z: '6151494543',
  '-': '0808080808',
  ':': '0036360000',
  '.': '0060600000',
  '/': '2010080402',
  _: '4040404040',
  ' ': '0000000000',
  '?': '0201510906',
};

const COLUMNS = new Map(Object.entries(GLYPHS).map(([name, hex]) => [name, Buffer.from(hex, 'hex')]));
const UNKNOWN = COLUMNS.get('?') ?? Buffer.alloc(GLYPH_WIDTH);

/** The area that a text takes up, with a margin of one dot. */
export function textArea(text: string, at: Spot, dot: number): Rect {
  return {
    x: at.x - dot,
    y: at.y - dot,
    width: (text.length * ADVANCE + 1) * dot,
    height: (GLYPH_HEIGHT + 2) * dot,
  };
}

/**
 * Writes one line in capitals; characters that the font lacks become question marks.
 *
 * @param dot pixels of one dot of the font
 */
export function drawText(picture: Picture, text: string, at: Spot, dot: number, colour: Colour): void {
  for (const [index, character] of Array.from(text.toUpperCase()).entries()) {
    const columns = COLUMNS.get(character) ?? UNKNOWN;
    for (const [column, bits] of columns.entries()) {
      const x = at.x + (index * ADVANCE + column) * dot;
      for (let row = 0; row < GLYPH_HEIGHT; row += 1) {
        if (((bits >> row) & 1) === 1)
          picture.rect({ x, y: at.y + row * dot, width: dot, height: dot }, colour);
      }
    }
  }
}

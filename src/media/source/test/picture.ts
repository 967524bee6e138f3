/** Luma and the two colour differences of ITU-R BT.601, studio range. */
export interface Colour {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** Pixels from the top left; what lies outside of a picture is cut off. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** @param red, green and blue 0 to 255 */
export function rgb(red: number, green: number, blue: number): Colour {
  return {
    y: Math.round(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255),
    u: Math.round(128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255),
    v: Math.round(128 + (112 * red - 93.786 * green - 18.214 * blue) / 255),
  };
}

/** A picture in planes of YUV 4:2:0, one behind the other in `data`. Sides are even. */
export class Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
  readonly #u: number;
  readonly #v: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#u = width * height;
    this.#v = this.#u + this.#u / 4;
    this.data = Buffer.alloc(this.#v + this.#u / 4, 128);
    this.data.fill(16, 0, this.#u);
  }

  /** Everything else is drawn by this: one row from `from` up to but without `to`. */
  span(row: number, from: number, to: number, { y, u, v }: Colour): void {
    const left = Math.max(0, Math.round(from));
    const right = Math.min(this.width, Math.round(to));
    if (row < 0 || row >= this.height || left >= right) return;
    this.data.fill(y, row * this.width + left, row * this.width + right);
    if ((row & 1) === 1) return;
    const half = (row >> 1) * (this.width >> 1);
    const first = half + (left >> 1);
    const last = half + ((right + 1) >> 1);
    this.data.fill(u, this.#u + first, this.#u + last);
    this.data.fill(v, this.#v + first, this.#v + last);
  }

  rect({ x, y, width, height }: Rect, colour: Colour): void {
    const last = Math.round(y + height);
    for (let row = Math.round(y); row < last; row += 1) this.span(row, x, x + width, colour);
  }

  /** @param rx and ry radii */
  ellipse({ x, y }: Spot, rx: number, ry: number, colour: Colour): void {
    for (let row = Math.floor(y - ry); row <= y + ry; row += 1) {
      const part = 1 - ((row + 0.5 - y) / ry) ** 2;
      if (part > 0) this.span(row, x - rx * Math.sqrt(part), x + rx * Math.sqrt(part), colour);
    }
  }

  /** @param corners of a convex shape */
  polygon(corners: readonly Spot[], colour: Colour): void {
    const rows = corners.map((corner) => corner.y);
    for (let row = Math.floor(Math.min(...rows)); row <= Math.max(...rows); row += 1) {
      const cuts = crossings(corners, row + 0.5);
      if (cuts.length >= 2) this.span(row, Math.min(...cuts), Math.max(...cuts), colour);
    }
  }

  /** A straight line with round ends. */
  limb(from: Spot, to: Spot, radius: number, colour: Colour): void {
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const dx = (-(to.y - from.y) / length) * radius;
    const dy = ((to.x - from.x) / length) * radius;
    this.polygon(
      [
        { x: from.x + dx, y: from.y + dy },
        { x: to.x + dx, y: to.y + dy },
        { x: to.x - dx, y: to.y - dy },
        { x: from.x - dx, y: from.y - dy },
      ],
      colour,
    );
    this.ellipse(from, radius, radius, colour);
    this.ellipse(to, radius, radius, colour);
  }

  /** Takes an area over from a picture of the same size. */
  copy(from: Picture, area: Rect): void {
    const left = Math.max(0, Math.floor(area.x / 2) * 2);
    const right = Math.min(this.width, Math.ceil((area.x + area.width) / 2) * 2);
    const top = Math.max(0, Math.floor(area.y / 2) * 2);
    const bottom = Math.min(this.height, Math.ceil((area.y + area.height) / 2) * 2);
    if (left >= right) return;
    const rows = (start: number, stride: number, x0: number, x1: number, y0: number, y1: number) => {
      for (let row = y0; row < y1; row += 1) {
        const at = start + row * stride;
        from.data.copy(this.data, at + x0, at + x0, at + x1);
      }
    };
    rows(0, this.width, left, right, top, bottom);
    for (const plane of [this.#u, this.#v]) {
      rows(plane, this.width >> 1, left >> 1, right >> 1, top >> 1, bottom >> 1);
    }
  }

  colourAt(x: number, y: number): Colour {
    const half = (y >> 1) * (this.width >> 1) + (x >> 1);
    return {
      y: this.data.readUInt8(y * this.width + x),
      u: this.data.readUInt8(this.#u + half),
      v: this.data.readUInt8(this.#v + half),
    };
  }
}

/** Where the outline crosses a row. */
function crossings(corners: readonly Spot[], row: number): number[] {
  const found: number[] = [];
  for (const [index, from] of corners.entries()) {
    const to = corners[(index + 1) % corners.length] ?? from;
    if (from.y <= row === to.y <= row) continue;
    found.push(from.x + ((row - from.y) / (to.y - from.y)) * (to.x - from.x));
  }
  return found;
}

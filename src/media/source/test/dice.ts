import { createHash } from 'node:crypto';
import { type Colour, rgb } from './picture.ts';

/** Throws that depend on the name alone, so that a scene looks the same on every node. */
export class Dice {
  #state: number;

  constructor(name: string) {
    this.#state = createHash('sha256').update(name).digest().readUInt32LE(0);
  }

  /** 0 up to 1; mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** @throws RangeError when there is nothing to pick */
  pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.next() * from.length)];
    if (one === undefined) throw new RangeError('nothing to pick');
    return one;
  }

  /** A colour of any hue. @param least and most brightness, 0 to 1. @param strength 0 is grey, 1 is pure */
  colour(least: number, most: number, strength = 0.6): Colour {
    const hue = this.next() * 6;
    const value = this.between(least, most) * 255;
    const channel = (shift: number) => {
      const place = (shift + hue) % 6;
      return value * (1 - strength * Math.max(0, Math.min(place, 4 - place, 1)));
    };
    return rgb(channel(5), channel(3), channel(1));
  }
}

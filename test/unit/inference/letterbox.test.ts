import { describe, expect, it } from 'vitest';
import { fromSquare, intoSquare, letterbox } from '../../../src/inference/letterbox.ts';

describe('letterbox', () => {
  it('keeps the shape of wide and of tall pictures', () => {
    expect(letterbox(16 / 9, 512)).toEqual({ width: 512, height: 288, size: 512 });
    expect(letterbox(9 / 16, 512)).toEqual({ width: 288, height: 512, size: 512 });
  });

  it('brings boxes back to the picture', () => {
    expect(fromSquare([0.25, 0.28125, 0.5, 0.28125], letterbox(16 / 9, 512))).toEqual([0.25, 0.5, 0.5, 0.5]);
  });

  it('fills the rest', () => {
    const square = intoSquare({ width: 4, height: 2, data: new Uint8Array(24).fill(7) }, 4, 114);
    expect(square.data).toHaveLength(48);
    expect([square.data[23], square.data[24]]).toEqual([7, 114]);
  });
});

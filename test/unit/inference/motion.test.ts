import { describe, expect, it } from 'vitest';
import { MotionDetector } from '../../../src/inference/motion.ts';
import type { LumaImage } from '../../../src/inference/types.ts';

const WIDTH = 160;
const HEIGHT = 90;

/** A still, structured picture with a bright block where told; `light` is added everywhere. */
function picture(block?: { x: number; y: number; size: number }, light = 0, seed = 1): LumaImage {
  const data = new Uint8Array(WIDTH * HEIGHT);
  let random = seed;
  for (let at = 0; at < data.length; at += 1) {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    const x = at % WIDTH;
    const y = Math.trunc(at / WIDTH);
    const inside =
      block !== undefined &&
      x >= block.x &&
      x < block.x + block.size &&
      y >= block.y &&
      y < block.y + block.size;
    data[at] = (inside ? 210 : 60 + ((x >> 4) % 3) * 15) + light + (random % 7) - 3;
  }
  return { width: WIDTH, height: HEIGHT, data };
}

function taught(sensitivity = 0.5, masks: [number, number][][] = []): MotionDetector {
  const detector = new MotionDetector({ masks, sensitivity });
  for (let step = 0; step < 5; step += 1) detector.push(picture(undefined, 0, step + 1), step * 200);
  return detector;
}

describe('motion detector', () => {
  it('says nothing about a still, noisy picture', () => {
    const detector = taught(1);
    for (let step = 0; step < 50; step += 1) {
      expect(detector.push(picture(undefined, 0, 100 + step), 1_000 + step * 200).moving).toBe(false);
    }
  });

  it('finds where something appears', () => {
    const result = taught().push(picture({ x: 80, y: 40, size: 16 }), 1_000);
    expect(result.moving).toBe(true);
    const [x = 0, y = 0, width = 0, height = 0] = result.regions[0] ?? [];
    expect(x).toBeLessThanOrEqual(0.5);
    expect(y).toBeLessThanOrEqual(40 / 90);
    expect(x + width).toBeGreaterThanOrEqual(96 / 160);
    expect(y + height).toBeGreaterThanOrEqual(56 / 90);
    expect(width).toBeLessThan(0.4);
  });

  it('finds two things as two regions', () => {
    const both = picture({ x: 8, y: 8, size: 16 });
    const other = picture({ x: 120, y: 60, size: 16 });
    both.data.set(other.data.subarray(45 * WIDTH), 45 * WIDTH);
    expect(taught().push(both, 1_000).regions).toHaveLength(2);
  });

  it('does not count what a mask covers', () => {
    const right: [number, number][] = [
      [0.45, 0],
      [1, 0],
      [1, 1],
      [0.45, 1],
    ];
    expect(taught(0.5, [right]).push(picture({ x: 80, y: 40, size: 16 }), 1_000).moving).toBe(false);
    expect(taught(0.5, [right]).push(picture({ x: 20, y: 40, size: 16 }), 1_000).moving).toBe(true);
  });

  it('needs a greater change when it is dull', () => {
    const small = picture({ x: 80, y: 40, size: 16 });
    expect(taught(0).push(small, 1_000).moving).toBe(false);
    expect(taught(1).push(small, 1_000).moving).toBe(true);
  });

  it('does not take a change of light for motion', () => {
    const detector = taught();
    expect(detector.push(picture(undefined, 40), 1_000).moving).toBe(false);
    expect(detector.push(picture(undefined, 40), 1_200).moving).toBe(false);
  });

  it('learns a new scene at once and says so', () => {
    const detector = taught();
    const other = picture();
    const turned = { ...other, data: other.data.map((_, at) => ((at * 7) % 250) + 3) };
    expect(detector.push(turned, 1_000)).toMatchObject({ sceneChange: true, moving: false });
    expect(detector.push(turned, 1_200)).toMatchObject({ sceneChange: false, moving: false });
  });

  it('gets used to what stays', () => {
    const detector = taught();
    let moving = true;
    for (let time = 1_000; time < 200_000; time += 1_000) {
      moving = detector.push(picture({ x: 80, y: 40, size: 16 }), time).moving;
    }
    expect(moving).toBe(false);
  });

  it('begins again when the size of the picture changes', () => {
    const detector = taught();
    const small = { width: 80, height: 40, data: new Uint8Array(3_200).fill(200) };
    expect(detector.push(small, 1_000).moving).toBe(false);
    expect(detector.push(small, 1_200).moving).toBe(false);
  });
});

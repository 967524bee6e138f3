import { describe, expect, it } from 'vitest';
import { LookGate } from '../../../src/inference/look-gate.ts';

function looks(fps: number, cameraFps: number, seconds: number): number {
  const gate = new LookGate(fps);
  let count = 0;
  for (let index = 0; index < cameraFps * seconds; index += 1) {
    if (gate.due((index * 1000) / cameraFps)) count += 1;
  }
  return count;
}

describe('look gate', () => {
  it.each([
    [5, 10],
    [5, 25],
    [5, 12],
    [5, 8],
    [2, 15],
    [15, 30],
    [0.5, 10],
  ])('keeps %d pictures a second of a camera with %d', (fps, cameraFps) => {
    const count = looks(fps, cameraFps, 60);
    expect(count).toBeGreaterThan(fps * 60 * 0.9);
    expect(count).toBeLessThan(fps * 60 * 1.1 + 2);
  });

  it('takes every picture of a camera that has fewer', () => {
    expect(looks(15, 4, 10)).toBe(40);
  });

  it('goes on after a pause and when the clock goes back', () => {
    const gate = new LookGate(5);
    expect([gate.due(100_000), gate.due(100_050), gate.due(160_000), gate.due(20_000)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('wants the engine while it moves, a second longer, and while something is followed', () => {
    const gate = new LookGate(5);
    expect(gate.wanted(0, false, false)).toBe(false);
    expect(gate.wanted(200, true, false)).toBe(true);
    expect(gate.wanted(1_200, false, false)).toBe(true);
    expect(gate.wanted(1_400, false, false)).toBe(false);
    expect(gate.wanted(9_000, false, true)).toBe(true);
  });

  it('looks less often where there is motion and never an object, and at full rate when one comes', () => {
    const gate = new LookGate(5);
    const counts = [0, 0, 0];
    for (let time = 0; time < 60_000; time += 200) {
      if (!gate.wanted(time, true, false)) continue;
      gate.looked(time, false);
      const third = Math.trunc(time / 20_000);
      counts[third] = (counts[third] ?? 0) + 1;
    }
    expect(counts[0]).toBeLessThan(55);
    expect(counts[2]).toBeLessThanOrEqual(21);
    expect(counts[2]).toBeGreaterThanOrEqual(18);
    gate.looked(60_000, true);
    expect(gate.wanted(60_200, true, false)).toBe(true);
  });
});

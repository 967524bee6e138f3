import { expect, it } from 'vitest';
import { bigMesh, massDeath } from '../support/mass-death.ts';

it.each([1, 2])('places 10,000 cameras again when 10 of 100 nodes die at once (seed %i)', (seed) => {
  const death = massDeath(bigMesh(100, 10_000), 10, seed);
  expect(death.orphans).toBeGreaterThan(2_000);
  expect(death.unplaced).toBe(0);
  expect(death.placedAfterSeconds).toBeGreaterThan(2);
  expect(death.placedAfterSeconds).toBeLessThanOrEqual(10);
  expect(death.moves).toBeGreaterThanOrEqual(death.orphans);
  expect(death.moves).toBeLessThanOrEqual(1.1 * death.orphans);
});

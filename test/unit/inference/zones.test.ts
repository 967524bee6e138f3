import { describe, expect, it } from 'vitest';
import { clip, inPolygon, iou } from '../../../src/inference/geometry.ts';
import { zonesOf } from '../../../src/inference/zones.ts';

const lower: [number, number][] = [
  [0, 0.5],
  [1, 0.5],
  [1, 1],
  [0, 1],
];

describe('zones', () => {
  it('counts where the object stands, not where it reaches', () => {
    const zones = [{ name: 'yard', points: lower, objects: [] }];
    expect(zonesOf('person', [0.4, 0.1, 0.1, 0.5], zones)).toEqual(['yard']);
    expect(zonesOf('person', [0.4, 0.1, 0.1, 0.3], zones)).toEqual([]);
  });

  it('keeps to the labels of the zone', () => {
    const zones = [
      { name: 'drive', points: lower, objects: ['car'] },
      { name: 'all', points: lower, objects: [] },
    ];
    expect(zonesOf('person', [0.4, 0.5, 0.1, 0.4], zones)).toEqual(['all']);
    expect(zonesOf('car', [0.4, 0.5, 0.1, 0.4], zones)).toEqual(['drive', 'all']);
  });

  it('takes an object that reaches to the lower edge as standing on it', () => {
    expect(zonesOf('person', [0.4, 0.5, 0.1, 0.5], [{ name: 'yard', points: lower, objects: [] }])).toEqual([
      'yard',
    ]);
  });

  it('knows concave polygons', () => {
    const u: [number, number][] = [
      [0, 0],
      [0.2, 0],
      [0.2, 0.8],
      [0.8, 0.8],
      [0.8, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    expect(inPolygon([0.5, 0.4], u)).toBe(false);
    expect(inPolygon([0.1, 0.4], u)).toBe(true);
    expect(inPolygon([0.5, 0.9], u)).toBe(true);
  });
});

describe('geometry', () => {
  it('measures overlap', () => {
    expect(iou([0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5])).toBe(1);
    expect(iou([0, 0, 0.5, 0.5], [0.25, 0, 0.5, 0.5])).toBeCloseTo(1 / 3);
    expect(iou([0, 0, 0.1, 0.1], [0.5, 0.5, 0.1, 0.1])).toBe(0);
  });

  it('clips boxes to the picture', () => {
    expect(clip([-0.1, 0.9, 0.3, 0.3])).toEqual([0, 0.9, 0.2, 0.1]);
  });
});

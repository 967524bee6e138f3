import { describe, expect, it } from 'vitest';
import { desiredActors, difference } from '../../../../src/actors/director/desired.ts';
import { CameraInput, type CameraDocument } from '../../../../src/contracts/entities.ts';

const document = (change: Partial<CameraDocument> = {}): CameraDocument => ({
  ...CameraInput.omit({ id: true, username: true, password: true }).parse({
    name: 'Door',
    url: 'rtsp://h/1',
  }),
  id: 'door',
  hasCredentials: false,
  origin: 'catalog',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  username: null,
  password: null,
  ...change,
});

const names = (change: Partial<CameraDocument>) => desiredActors(document(change)).map((actor) => actor.name);

describe('desired actors', () => {
  it('follow the settings of the camera', () => {
    expect(names({})).toEqual(['camera.door', 'recorder.door.0', 'analyzer.door']);
    expect(names({ enabled: false })).toEqual([]);
    const { record, detect } = document();
    expect(names({ record: { ...record, mode: 'off' } })).toEqual(['camera.door', 'analyzer.door']);
    expect(names({ detect: { ...detect, enabled: false } })).toEqual(['camera.door', 'recorder.door.0']);
  });

  it('are made anew only when what they were made from changed', () => {
    const before = desiredActors(document());
    expect(difference(before, desiredActors(document({ name: 'Other', version: 2 })))).toEqual({
      end: [],
      begin: [],
    });
    const moved = difference(before, desiredActors(document({ url: 'rtsp://h/2' })));
    expect(moved.end).toEqual(['camera.door']);
    expect(moved.begin.map((actor) => actor.name)).toEqual(['camera.door']);
    expect(difference(before, []).end).toHaveLength(3);
  });
});

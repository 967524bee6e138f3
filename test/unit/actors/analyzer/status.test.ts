import { describe as suite, expect, it } from 'vitest';
import { describe, ShareMeter } from '../../../../src/actors/analyzer/status.ts';
import type { AnalysisState } from '../../../../src/inference/pool-stream.ts';

const state: AnalysisState = {
  state: 'running',
  message: null,
  engine: 'fake',
  fps: 5,
  motion: false,
  tracks: [],
  inferences: 0,
  skipped: 0,
  dropped: 0,
  damaged: 0,
  latencyMs: 0,
};
const fine = { away: false, fallenBack: false, problem: null, shares: { wanted: 0, seen: 0 } };

suite('status of an analyzer', () => {
  it('names the states', () => {
    expect(describe(undefined, fine).state).toBe('starting');
    expect(describe({ ...state, state: 'waiting' }, fine).state).toBe('starting');
    expect(describe(state, { ...fine, away: true }).state).toBe('waiting');
    expect(describe(state, fine)).toMatchObject({ state: 'running', message: null, engine: 'fake' });
    expect(describe({ ...state, engine: null }, fine).engine).toBe('none');
  });

  it('says when the engine cannot keep up, but not for a handful of pictures', () => {
    expect(describe(state, { ...fine, shares: { wanted: 40, seen: 8 } })).toMatchObject({
      state: 'overloaded',
      message: 'The engine is overloaded: it saw 8 of 40 pictures.',
    });
    expect(describe(state, { ...fine, shares: { wanted: 40, seen: 12 } }).state).toBe('running');
    expect(describe(state, { ...fine, shares: { wanted: 5, seen: 0 } }).state).toBe('running');
  });

  it('puts what loses events before what loses pictures', () => {
    const message = 'The pictures cannot be decoded.';
    expect(describe({ ...state, message }, fine).message).toBe(message);
    expect(describe({ ...state, message }, { ...fine, problem: 'No disk.' }).message).toBe('No disk.');
  });

  it('says that it makes do with the main stream', () => {
    expect(describe(state, { ...fine, fallenBack: true }).message).toBe(
      'The sub stream sends no pictures: the main stream is analysed instead.',
    );
  });

  it('measures over ten seconds', () => {
    const meter = new ShareMeter();
    meter.read({ inferences: 100, skipped: 50 }, 0);
    expect(meter.read({ inferences: 105, skipped: 80 }, 10_000)).toEqual({ seen: 5, wanted: 35 });
    expect(meter.read({ inferences: 190, skipped: 90 }, 15_000)).toEqual({ seen: 5, wanted: 35 });
    expect(meter.read({ inferences: 190, skipped: 90 }, 20_000)).toEqual({ seen: 85, wanted: 95 });
  });
});

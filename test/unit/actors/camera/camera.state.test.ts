import { describe, expect, it } from 'vitest';
import {
  type CameraSignal,
  combineViews,
  IDLE,
  leastDelayMs,
  nextView,
} from '../../../../src/actors/camera/camera.state.ts';
import type { SourceErrorCode } from '../../../../src/media/types.ts';

const ended = (code: SourceErrorCode): CameraSignal => ({ kind: 'ended', code, message: code });
const after = (...signals: CameraSignal[]) => signals.reduce(nextView, IDLE);

describe('state of a stream', () => {
  it.each([
    ['stalled', 'stalled'],
    ['closed_by_camera', 'stalled'],
    ['unauthorized', 'unauthorized'],
    ['connection_refused', 'failed'],
    ['unsupported_codec', 'failed'],
    ['worker_failed', 'failed'],
  ] as const)('after %s is %s', (code, state) => {
    expect(after({ kind: 'connect' }, ended(code))).toEqual({ state, message: code, code });
  });

  it('keeps showing what is wrong while it tries again', () => {
    const failed = after({ kind: 'connect' }, ended('not_found'));
    expect(nextView(failed, { kind: 'connect' })).toBe(failed);
    expect(nextView(failed, { kind: 'live' })).toEqual({ state: 'live', message: null });
    expect(nextView(failed, { kind: 'stop' })).toBe(IDLE);
  });

  it('of the whole camera is that of the main stream', () => {
    const live = { state: 'live', message: null } as const;
    const broken = { state: 'failed', message: 'gone.' } as const;
    expect(combineViews(live, undefined)).toBe(live);
    expect(combineViews(broken, live)).toBe(broken);
    expect(combineViews(broken, { state: 'failed', message: 'other' })).toBe(broken);
    expect(combineViews(live, broken)).toEqual({
      state: 'live',
      message: 'The sub stream does not work: gone.',
    });
  });
});

describe('pauses', () => {
  it('grow for a wrong password, so that the camera does not lock the user out', () => {
    const pauses = [0, 1, 2, 3, 100].map((repeats) => leastDelayMs('unauthorized', repeats));
    expect(pauses).toEqual([15_000, 30_000, 60_000, 120_000, 120_000]);
    expect(leastDelayMs('stalled', 100)).toBe(0);
  });
});

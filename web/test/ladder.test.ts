import { describe, expect, it } from 'vitest';
import { backoffMs, climb, initialLadder, type LadderEvent, type LadderState } from '../src/player/ladder.ts';
import { failureOfClose, mimeOf } from '../src/player/mse.ts';

const after = (state: LadderState, ...events: LadderEvent[]): LadderState =>
  events.reduce((before, event) => climb(before, event, 0), state);
const failed = (failure: 'unsupported' | 'blocked' | 'lost' | 'offline' | 'refused'): LadderEvent => ({
  type: 'failed',
  failure,
});

describe('the ladder of transports', () => {
  it('begins with WebRTC and plays', () => {
    const state = after(initialLadder(), { type: 'picture' });
    expect(state).toMatchObject({ rung: 'webrtc', phase: 'playing', failures: 0, reason: null });
  });

  it('goes down at once when a transport cannot work, and opens a new one', () => {
    const start = initialLadder();
    const state = after(start, failed('unsupported'));
    expect(state).toMatchObject({ rung: 'mse', phase: 'connecting', closed: ['webrtc'] });
    expect(state.attempt).toBe(start.attempt + 1);
  });

  it('does not come back to what can never carry the stream', () => {
    const state = after(initialLadder(), failed('unsupported'), { type: 'picture' }, { type: 'climb' });
    expect(state).toMatchObject({ rung: 'mse', phase: 'playing' });
  });

  it('tries the best one again after it played for long on a lower one', () => {
    const state = after(initialLadder(), failed('blocked'), { type: 'picture' }, { type: 'climb' });
    expect(state).toMatchObject({ rung: 'webrtc', phase: 'connecting' });
  });

  it('waits on the same rung when the picture is lost or the camera is away, longer each time', () => {
    let state = after(initialLadder(), { type: 'picture' }, failed('lost'));
    expect(state).toMatchObject({ rung: 'webrtc', phase: 'waiting', waitMs: 500 });
    state = after(state, { type: 'retry' }, failed('offline'), { type: 'retry' }, failed('offline'));
    expect(state).toMatchObject({ rung: 'webrtc', phase: 'waiting', waitMs: 2000, failures: 3 });
    expect(after(state, { type: 'retry' }, { type: 'picture' }).failures).toBe(0);
  });

  it('begins anew from the top when even single pictures fail', () => {
    const state = after(initialLadder(), failed('blocked'), failed('blocked'), failed('blocked'));
    expect(state).toMatchObject({ rung: 'webrtc', phase: 'waiting' });
  });

  it('stays away when refused', () => {
    const state = after(initialLadder(), failed('refused'), { type: 'retry' });
    expect(state.phase).toBe('refused');
  });

  it('uses only the rungs it is given', () => {
    expect(initialLadder(['mse', 'jpeg'])).toMatchObject({ rung: 'mse', closed: ['webrtc'] });
  });

  it('doubles its patience up to 15 s, with some chance in it', () => {
    expect([1, 2, 3, 6, 20].map((failures) => backoffMs(failures, 0))).toEqual([
      500, 1000, 2000, 15_000, 15_000,
    ]);
    expect(backoffMs(1, 1)).toBe(650);
  });
});

describe('MSE', () => {
  it('reads which codecs follow', () => {
    expect(mimeOf('{"codecs":"avc1.64001f,mp4a.40.2"}')).toBe('video/mp4; codecs="avc1.64001f,mp4a.40.2"');
    expect(mimeOf('{"mime":"video/mp4; codecs=\\"hvc1\\""}')).toBe('video/mp4; codecs="hvc1"');
    expect(mimeOf('{"other":1}')).toBeNull();
    expect(mimeOf('no json')).toBeNull();
  });

  it('understands why the server closed', () => {
    expect(failureOfClose(4503, true)).toBe('offline');
    expect(failureOfClose(4415, false)).toBe('unsupported');
    expect(failureOfClose(1008, true)).toBe('refused');
    expect(failureOfClose(1006, true)).toBe('lost');
    expect(failureOfClose(1006, false)).toBe('blocked');
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Frame, PacedSender, planBurst } from '../../../../src/media/webrtc/gop-burst.ts';

const frame = (n: number, bytes = 1_000): Frame => ({
  timestamp: n * 3_600,
  time: n * 40,
  key: n === 0,
  payloads: [Buffer.alloc(1, n)],
  bytes,
});
const gop = [0, 1, 2, 3].map((n) => frame(n));

describe('the burst for a viewer that joins', () => {
  it('squeezes the group of pictures to end at its newest frame', () => {
    const { frames, waitForKey } = planBurst(gop, 10_000);
    expect(frames.map(({ timestamp }) => timestamp)).toEqual([10_530, 10_620, 10_710, 10_800]);
    expect(waitForKey).toBe(false);
  });

  it('is the key frame alone when the rest is too much', () => {
    const { frames, waitForKey } = planBurst(gop, 3_999);
    expect(frames.map(({ timestamp }) => timestamp)).toEqual([0]);
    expect(waitForKey).toBe(true);
  });

  it('is nothing before the first key frame', () => {
    expect(planBurst([], 1)).toEqual({ frames: [], waitForKey: true });
  });
});

describe('paced sending', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const setUp = (maxPackets = 1_000) => {
    const sent: { timestamp: number; marker: boolean }[] = [];
    const sender = new PacedSender(
      (timestamp, _payload, marker) => sent.push({ timestamp, marker }),
      { packetsPerMs: 2, most: 10 },
      maxPackets,
    );
    return { sent, sender };
  };
  const big = (timestamp: number, packets: number) => ({
    timestamp,
    payloads: Array.from({ length: packets }, () => Buffer.alloc(1)),
  });

  it('begins at once and goes on at its pace, in order', () => {
    const { sent, sender } = setUp();
    sender.push(big(1, 25));
    sender.push(big(2, 25));
    expect(sent).toHaveLength(10);
    vi.advanceTimersByTime(10);
    expect(sent).toHaveLength(30);
    vi.advanceTimersByTime(1_000);
    expect(sent.map(({ timestamp }) => timestamp)).toEqual([
      ...Array.from({ length: 25 }, () => 1),
      ...Array.from({ length: 25 }, () => 2),
    ]);
    expect(sent.flatMap(({ marker }, index) => (marker ? [index] : []))).toEqual([24, 49]);
  });

  it('sends no more at once after a pause than ever', () => {
    const { sent, sender } = setUp();
    sender.push(big(1, 1));
    vi.advanceTimersByTime(60_000);
    sender.push(big(2, 30));
    expect(sent).toHaveLength(11);
  });

  it('refuses what would wait too long, and everything after its end', () => {
    const { sent, sender } = setUp(40);
    expect(sender.push(big(1, 45))).toBe(false);
    expect(sender.push(big(2, 30))).toBe(true);
    sender.close();
    expect(sender.push(big(3, 1))).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(10);
  });
});

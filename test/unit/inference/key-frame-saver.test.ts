import { describe, expect, it } from 'vitest';
import { KeyFrameSaver } from '../../../src/inference/key-frame-saver.ts';
import type { QueuedPacket } from '../../../src/inference/packet-queue.ts';

const FULL_HD_25 = 1_920 * 1_080 * 25;

/** Picture `n` of 10 a second with a key frame every 2 s. */
const packet = (n: number, bytes = 100): QueuedPacket => ({
  time: n * 100,
  key: n % 20 === 0,
  sent: 0,
  data: Buffer.alloc(n % 20 === 0 ? 2_000 : bytes),
});

/** Feeds quiet pictures from 0 to before `end`; the times of those that are decoded. */
function feed(saver: KeyFrameSaver, end: number, from = 0): number[] {
  const decoded: number[] = [];
  for (let n = from; n < end; n += 1) if (saver.take(packet(n)) === 'decode') decoded.push(n);
  return decoded;
}

describe('key frame saver', () => {
  it('leaves small pictures and reordered ones alone', () => {
    expect(feed(new KeyFrameSaver(640 * 360 * 25, false), 300)).toHaveLength(300);
    expect(feed(new KeyFrameSaver(FULL_HD_25, true), 300)).toHaveLength(300);
  });

  it('decodes everything for 10 s and then key frames only', () => {
    const decoded = feed(new KeyFrameSaver(FULL_HD_25, false), 300);
    expect(decoded.filter((n) => n < 120)).toHaveLength(120);
    expect(decoded.filter((n) => n >= 120)).toEqual([120, 140, 160, 180, 200, 220, 240, 260, 280]);
  });

  it('gives back what it kept when a key frame shows motion, and stays awake', () => {
    const saver = new KeyFrameSaver(FULL_HD_25, false);
    feed(saver, 205);
    expect(saver.active(20_000)).toBe(true);
    expect(saver.release().map(({ time }) => time)).toEqual([20_100, 20_200, 20_300, 20_400]);
    expect(saver.active(20_500)).toBe(false);
    expect(feed(saver, 300, 205)).toHaveLength(95);
    expect(feed(saver, 500, 300).at(-2)).toBe(460);
  });

  it('wakes when packets grow as those of moving pictures do', () => {
    const saver = new KeyFrameSaver(FULL_HD_25, false);
    feed(saver, 205);
    expect([205, 206, 207].map((n) => saver.take(packet(n, 300)))).toEqual(['hold', 'hold', 'wake']);
    expect(saver.release().map(({ time }) => time)).toEqual([
      20_100, 20_200, 20_300, 20_400, 20_500, 20_600, 20_700,
    ]);
    expect(saver.take(packet(208))).toBe('decode');
  });

  it('does not keep without bound, and sleeps on to the next key frame then', () => {
    const saver = new KeyFrameSaver(FULL_HD_25, false);
    feed(saver, 201);
    const big = 5 * 1024 * 1024;
    for (let n = 201; n < 210; n += 1) expect(saver.take(packet(n, big))).not.toBe('decode');
    expect(saver.active(20_950)).toBe(false);
    expect(saver.release()).toEqual([]);
    expect(saver.asleep).toBe(true);
    expect(saver.take(packet(220))).toBe('decode');
    expect(saver.take(packet(221))).toBe('decode');
  });
});

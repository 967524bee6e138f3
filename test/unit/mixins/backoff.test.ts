import { describe, expect, it } from 'vitest';
import { Backoff, delay } from '../../../src/mixins/backoff.ts';
import { Mailbox } from '../../../src/mixins/mailbox.ts';

describe('Backoff', () => {
  const options = { firstMs: 100, maxMs: 1_000, resetAfterMs: 10_000 };

  it('doubles up to its cap and forgets failures after a long success', () => {
    const backoff = new Backoff(options, () => 1);
    expect([0, 0, 0, 0, 0, 0].map((lasted) => backoff.next(lasted))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoff.next(10_000)).toBe(100);
  });

  it('jitters down to half, and keeps to a floor above its cap', () => {
    expect(new Backoff(options, () => 0).next(0)).toBe(50);
    expect(new Backoff(options, () => 1).next(0, 15_000)).toBe(15_000);
  });

  it('waits no longer when aborted', async () => {
    const stop = new AbortController();
    const waiting = delay(60_000, stop.signal);
    stop.abort();
    await waiting;
    await delay(60_000, stop.signal);
  });
});

describe('Mailbox', () => {
  it('runs tasks one after the other, failing ones too', async () => {
    const box = new Mailbox();
    const seen: string[] = [];
    const first = box.run(async () => {
      await Promise.resolve();
      seen.push('first');
      throw new Error('no');
    });
    const second = box.run(() => seen.push('second'));
    await expect(first).rejects.toThrow('no');
    await second;
    expect(seen).toEqual(['first', 'second']);
  });
});

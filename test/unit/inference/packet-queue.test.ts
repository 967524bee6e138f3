import { describe, expect, it } from 'vitest';
import { PacketQueue, type QueuedPacket } from '../../../src/inference/packet-queue.ts';

const limits = { maxPackets: 4, maxBytes: 100, maxAgeMs: 1_000 };

const packet = (time: number, key = false, more: Partial<QueuedPacket> = {}): QueuedPacket => ({
  time,
  key,
  sent: time,
  data: Buffer.alloc(10),
  ...more,
});

/** Times of what is left. */
function drain(queue: PacketQueue, now = 0): number[] {
  const left: number[] = [];
  for (let next = queue.shift(now); next !== undefined; next = queue.shift(now)) {
    left.push(next.time);
  }
  return left;
}

describe('packet queue', () => {
  it('begins with a key frame and keeps the order', () => {
    const queue = new PacketQueue(limits);
    for (const [time, key] of [
      [1, false],
      [2, true],
      [3, false],
    ] as const) {
      queue.push(packet(time, key));
    }
    expect(drain(queue)).toEqual([2, 3]);
    expect(queue.dropped).toBe(0);
  });

  it('gives up the oldest up to the newest key frame when it is full', () => {
    const queue = new PacketQueue(limits);
    queue.push(packet(1, true));
    queue.push(packet(2));
    queue.push(packet(3, true));
    queue.push(packet(4));
    queue.push(packet(5));
    expect(queue.dropped).toBe(2);
    expect(drain(queue)).toEqual([3, 4, 5]);
  });

  it('waits for the next key frame when there is none to go on with', () => {
    const queue = new PacketQueue(limits);
    for (let time = 1; time <= 5; time += 1) queue.push(packet(time, time === 1));
    expect([queue.length, queue.dropped]).toEqual([0, 5]);
    queue.push(packet(6));
    expect(queue.dropped).toBe(6);
    queue.push(packet(7, true));
    expect(drain(queue)).toEqual([7]);
  });

  it('counts bytes too', () => {
    const queue = new PacketQueue(limits);
    queue.push(packet(1, true, { data: Buffer.alloc(60) }));
    queue.push(packet(2, true, { data: Buffer.alloc(60) }));
    expect(drain(queue)).toEqual([2]);
  });

  it('gives up what is too old for a newer key frame, and only for one', () => {
    const queue = new PacketQueue(limits);
    queue.push(packet(1, true));
    queue.push(packet(2));
    expect(queue.shift(5_000)?.time).toBe(1);
    queue.push(packet(3, true));
    expect(drain(queue, 5_000)).toEqual([3]);
  });

  it('takes back what was held, before all others', () => {
    const queue = new PacketQueue(limits);
    queue.push(packet(3, true));
    queue.unshift([packet(1), packet(2)]);
    expect(drain(queue)).toEqual([1, 2, 3]);
  });
});

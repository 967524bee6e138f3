import { describe, expect, it } from 'vitest';
import { Hub } from '../../../../src/media/hub/hub.ts';
import type { Packet, SourcePacket, StreamHeader, Track } from '../../../../src/media/types.ts';

const video: Track = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.4d001f',
  width: 640,
  height: 360,
  reorders: false,
  vps: [],
  sps: [Buffer.from([0x67])],
  pps: [Buffer.from([0x68])],
  timebase: 90_000,
};

const frame = (n: number, key = false, size = 10): SourcePacket => ({
  track: 0,
  kind: 'video',
  pts: n * 3600,
  dts: n * 3600,
  time: n * 40,
  discontinuity: false,
  key,
  data: Buffer.alloc(size, n),
});

const settle = () => new Promise((resolve) => setImmediate(resolve));

function collector() {
  const headers: StreamHeader[] = [];
  const packets: Packet[] = [];
  return {
    headers,
    packets,
    consumer: {
      header: (h: StreamHeader) => void headers.push(h),
      packets: (b: readonly Packet[]) => void packets.push(...b),
    },
  };
}

describe('Hub', () => {
  it('starts a late reader with the cached group of pictures', async () => {
    const hub = new Hub('a/main');
    const sink = hub.open();
    sink.header({ tracks: [video] });
    for (let n = 0; n < 8; n += 1) sink.packet(frame(n, n % 5 === 0));
    const late = collector();
    hub.read({ name: 'late' }, late.consumer);
    sink.packet(frame(8));
    await settle();
    expect(late.headers).toHaveLength(1);
    expect(late.packets.map((p) => p.seq)).toEqual([5, 6, 7, 8]);
  });

  it('makes a reader that wants no cache wait for a key frame', async () => {
    const hub = new Hub('a/main');
    const sink = hub.open();
    sink.header({ tracks: [video] });
    sink.packet(frame(0, true));
    const late = collector();
    hub.read({ name: 'late', fromCache: false }, late.consumer);
    sink.packet(frame(1));
    sink.packet(frame(2, true));
    await settle();
    expect(late.packets.map((p) => p.seq)).toEqual([2]);
  });

  it('drops for a slow reader up to the next key frame, counts, marks it, and spares the others', async () => {
    const hub = new Hub('a/main');
    const sink = hub.open();
    sink.header({ tracks: [video] });
    const fast = collector();
    hub.read({ name: 'fast' }, fast.consumer);
    const got: Packet[] = [];
    let release: () => void = () => undefined;
    const slow = hub.read(
      { name: 'slow', maxPackets: 3 },
      {
        header: () => undefined,
        packets: (batch) => {
          got.push(...batch);
          return new Promise<void>((resolve) => (release = resolve));
        },
      },
    );
    sink.packet(frame(0, true));
    await settle();
    for (let n = 1; n < 8; n += 1) sink.packet(frame(n));
    release();
    await settle();
    release();
    await settle();
    sink.packet(frame(8));
    sink.packet(frame(9, true));
    await settle();
    expect(fast.packets).toHaveLength(10);
    expect(got.map((p) => p.seq)).toEqual([0, 1, 2, 3, 9]);
    expect(got.at(-1)?.discontinuity).toBe(true);
    expect(slow.drops).toBe(5);
    expect(hub.stats.drops).toBe(5);
  });

  it('gives each session and each set of parameters a number, and ignores the sink of an old session', async () => {
    const hub = new Hub('a/main');
    const old = hub.open();
    old.header({ tracks: [video] });
    const reader = collector();
    hub.read({ name: 'r' }, reader.consumer);
    old.packet(frame(0, true));
    const fresh = hub.open();
    old.packet(frame(1));
    fresh.header({ tracks: [video] });
    fresh.packet(frame(2, true));
    await settle();
    expect(reader.headers.map((h) => [h.session, h.generation])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(reader.packets.map((p) => [p.session, p.seq, p.dts])).toEqual([
      [1, 0, 0],
      [2, 0, 7200],
    ]);
  });

  it('begins another session when the source says that one is over, until another source comes', async () => {
    const hub = new Hub('a/main');
    const link = hub.open();
    const reader = collector();
    hub.read({ name: 'r' }, reader.consumer);
    link.header({ tracks: [video] });
    link.packet(frame(0, true));
    link.interrupted();
    expect([hub.live, hub.gop.length]).toEqual([false, 0]);
    link.packet(frame(1, true));
    link.header({ tracks: [video] });
    link.packet(frame(2, true));
    link.interrupted();
    const camera = hub.open();
    camera.header({ tracks: [video] });
    camera.packet(frame(3, true));
    link.header({ tracks: [video] });
    link.packet(frame(4, true));
    link.interrupted();
    link.end();
    expect(hub.live).toBe(true);
    camera.end();
    camera.header({ tracks: [video] });
    expect(hub.live).toBe(false);
    await settle();
    expect(reader.packets.map((p) => [p.session, p.generation, p.seq, p.dts])).toEqual([
      [1, 1, 0, 0],
      [2, 2, 0, 7200],
      [3, 3, 0, 10_800],
    ]);
  });

  it('closes a reader whose consumer throws, and tells it', async () => {
    const hub = new Hub('a/main');
    const sink = hub.open();
    sink.header({ tracks: [video] });
    let reason: string | undefined;
    hub.read(
      { name: 'bad' },
      {
        header: () => undefined,
        packets: () => {
          throw new Error('broken');
        },
        closed: (why) => (reason = why),
      },
    );
    sink.packet(frame(0, true));
    await settle();
    expect(reason).toBe('failed');
    expect(hub.stats.readers).toBe(0);
  });

  it('forgets a group of pictures that outgrows the cache', async () => {
    const hub = new Hub('a/main');
    const sink = hub.open();
    sink.header({ tracks: [video] });
    sink.packet(frame(0, true, 9 * 1024 * 1024));
    sink.packet(frame(1, false, 9 * 1024 * 1024));
    expect(hub.gop).toHaveLength(0);
    await settle();
  });
});

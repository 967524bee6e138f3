import { describe, expect, it } from 'vitest';
import { FragmentHub } from '../../../../src/media/fmp4/fragment-hub.ts';
import type { FragmentConsumer } from '../../../../src/media/fmp4/fragment-reader.ts';
import type { InitSegment } from '../../../../src/media/fmp4/init.ts';
import { Hub } from '../../../../src/media/hub/hub.ts';
import type { Fragment, SourceSink } from '../../../../src/media/types.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function collector(more: Partial<FragmentConsumer> = {}) {
  const inits: InitSegment[] = [];
  const fragments: Fragment[] = [];
  const consumer: FragmentConsumer = {
    init: (init) => void inits.push(init),
    fragments: (batch) => void fragments.push(...batch),
    ...more,
  };
  return { inits, fragments, consumer };
}

function feed(sink: SourceSink, from: number, to: number): void {
  for (let n = from; n < to; n += 1) sink.packet(videoFrame(n));
}

function liveHub(): { hub: Hub; sink: SourceSink } {
  const hub = new Hub('cam/main');
  const sink = hub.open();
  sink.header({ tracks: [videoTrack] });
  return { hub, sink };
}

describe('FragmentHub', () => {
  it('is one per hub and builds each fragment once', async () => {
    const { hub, sink } = liveHub();
    const one = collector();
    const two = collector();
    expect(FragmentHub.of(hub)).toBe(FragmentHub.of(hub));
    FragmentHub.of(hub).read({ name: 'one' }, one.consumer);
    FragmentHub.of(hub).read({ name: 'two' }, two.consumer);
    feed(sink, 0, 101);
    await settle();
    expect(one.fragments).toHaveLength(10);
    expect(two.fragments.every((fragment, index) => fragment === one.fragments[index])).toBe(true);
    expect(one.inits).toHaveLength(1);
    expect(FragmentHub.of(hub).stats).toEqual({ readers: 2, drops: 0, fragments: 10 });
  });

  it('gives a late reader the init segment and the newest GOP', async () => {
    const { hub, sink } = liveHub();
    FragmentHub.of(hub).read({ name: 'first' }, collector().consumer);
    feed(sink, 0, 76);
    await settle();
    const late = collector();
    FragmentHub.of(hub).read({ name: 'late' }, late.consumer);
    await settle();
    expect(late.inits).toHaveLength(1);
    expect(late.fragments.map(({ seq, key }) => [seq, key])).toEqual([
      [5, true],
      [6, false],
    ]);
  });

  it('works only while somebody reads', async () => {
    const { hub, sink } = liveHub();
    const fragments = FragmentHub.of(hub);
    const reader = fragments.read({ name: 'one' }, collector().consumer);
    feed(sink, 0, 20);
    await settle();
    expect(hub.stats.readers).toBe(1);
    reader.close();
    expect(hub.stats.readers).toBe(0);
    expect(fragments.init).toBeUndefined();
  });

  it('drops for a slow reader to the next key frame, counts, and marks the hole', async () => {
    const { hub, sink } = liveHub();
    let release: () => void = () => undefined;
    const slow = collector();
    const first = new Promise<void>((resolve) => (release = resolve));
    const consumer: FragmentConsumer = {
      ...slow.consumer,
      fragments: (batch) => {
        slow.fragments.push(...batch);
        return slow.fragments.length === 1 ? first : undefined;
      },
    };
    const reader = FragmentHub.of(hub).read({ name: 'slow', maxBytes: 2_000 }, consumer);
    const fast = collector();
    FragmentHub.of(hub).read({ name: 'fast' }, fast.consumer);
    feed(sink, 0, 13);
    await settle();
    feed(sink, 13, 140);
    await settle();
    release();
    await settle();
    feed(sink, 140, 220);
    await settle();
    expect(fast.fragments.map(({ seq }) => seq)).toEqual([...fast.fragments.keys()]);
    expect(slow.fragments.length + reader.drops).toBe(fast.fragments.length);
    expect(reader.drops).toBeGreaterThan(0);
    const hole = slow.fragments.findIndex(({ seq }, index) => seq !== index);
    expect(slow.fragments[hole]).toMatchObject({ key: true, discontinuity: true });
  });

  it('gives what is pending on flush, and starts anew with the next session', async () => {
    const { hub, sink } = liveHub();
    const { inits, fragments, consumer } = collector();
    FragmentHub.of(hub).read({ name: 'one' }, consumer);
    feed(sink, 0, 5);
    await settle();
    expect(fragments).toHaveLength(0);
    FragmentHub.of(hub).flush();
    await settle();
    expect(fragments.map(({ videoSamples }) => videoSamples)).toEqual([5]);
    hub.end();
    const next = hub.open();
    next.header({ tracks: [videoTrack] });
    feed(next, 50, 64);
    await settle();
    expect(inits.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(fragments[1]).toMatchObject({ session: 2, generation: 2, key: true, discontinuity: true });
  });

  it('says why a stream cannot be stored, and goes on when it can', async () => {
    const { hub, sink } = liveHub();
    const { fragments, consumer } = collector();
    const fragmentHub = FragmentHub.of(hub);
    fragmentHub.read({ name: 'one' }, consumer);
    sink.header({ tracks: [{ ...videoTrack, sps: [] }] });
    feed(sink, 0, 20);
    await settle();
    expect(fragmentHub.problem).toBe('H.264 track without SPS');
    sink.header({ tracks: [videoTrack] });
    feed(sink, 50, 64);
    await settle();
    expect(fragmentHub.problem).toBeNull();
    expect(fragments).toHaveLength(1);
  });

  it('tells readers that the hub closed, after the last fragment', async () => {
    const { hub, sink } = liveHub();
    const reasons: string[] = [];
    const { fragments, consumer } = collector({ closed: (reason) => void reasons.push(reason) });
    FragmentHub.of(hub).read({ name: 'one' }, consumer);
    feed(sink, 0, 13);
    await settle();
    hub.close();
    await settle();
    expect(fragments).toHaveLength(1);
    expect(reasons).toEqual(['hub_closed']);
  });
});

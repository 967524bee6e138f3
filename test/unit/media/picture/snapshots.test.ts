import { describe, expect, it, vi } from 'vitest';
import { SightmeshError } from '../../../../src/contracts/errors.ts';
import { Hub } from '../../../../src/media/hub/hub.ts';
import { decodeJob, encodeJob, type PictureJob } from '../../../../src/media/picture/job.ts';
import type { Picture } from '../../../../src/media/picture/maker.ts';
import { Snapshots } from '../../../../src/media/picture/snapshots.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

/** A maker whose picture names the last access unit that it was given. */
function setUp() {
  const jobs: PictureJob[] = [];
  const make = (job: PictureJob): Promise<Picture> => {
    jobs.push(job);
    const last = job.units.at(-1);
    return Promise.resolve({
      jpeg: last?.data ?? Buffer.alloc(0),
      width: 1,
      height: 1,
      time: last?.time ?? 0,
    });
  };
  const hub = new Hub('door/main');
  return { jobs, hub, maker: { make: vi.fn(make) } };
}

describe('snapshots', () => {
  it('are of the newest frame, decoded from its key frame on', async () => {
    const { jobs, hub, maker } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack] });
    for (let n = 40; n < 60; n += 1) sink.packet(videoFrame(n));
    const { time } = await new Snapshots(maker).of(hub, 180);
    expect(time).toBe(videoFrame(59).time);
    expect(jobs[0]).toMatchObject({ height: 180, track: videoTrack });
    expect(jobs[0]?.units.map(({ key }) => key)).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
  });

  it('are made once for all who ask at a time, and again when there is a newer frame', async () => {
    const { hub, maker } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack] });
    sink.packet(videoFrame(0));
    const snapshots = new Snapshots(maker);
    const both = await Promise.all([snapshots.of(hub), snapshots.of(hub)]);
    expect(both[0]).toBe(both[1]);
    await snapshots.of(hub, 90);
    expect(maker.make).toHaveBeenCalledTimes(2);
    vi.useFakeTimers({ now: 0, toFake: ['performance'] });
    vi.setSystemTime(0);
    vi.advanceTimersByTime(1_000_000);
    await snapshots.of(hub);
    expect(maker.make).toHaveBeenCalledTimes(2);
    sink.packet(videoFrame(1));
    await snapshots.of(hub);
    expect(maker.make).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });

  it('decode a bounded number of pixels', async () => {
    const { jobs, hub, maker } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [{ ...videoTrack, width: 3840, height: 2160 }] });
    for (let n = 0; n < 45; n += 1) sink.packet(videoFrame(n));
    await new Snapshots(maker).of(hub);
    expect(jobs[0]?.units).toHaveLength(18);
  });

  it('say why there is none', async () => {
    const { hub, maker } = setUp();
    const snapshots = new Snapshots(maker);
    await expect(snapshots.of(hub)).rejects.toMatchObject({ type: 'camera_offline' });
    hub.open().header({ tracks: [videoTrack] });
    await expect(snapshots.of(hub)).rejects.toMatchObject({ type: 'no_picture' });
  });

  it('leave a stream alone for some seconds that cannot be decoded, but not one that was refused', async () => {
    const { hub, maker } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack] });
    sink.packet(videoFrame(0));
    const snapshots = new Snapshots(maker);
    maker.make.mockRejectedValueOnce(new SightmeshError('unavailable'));
    await expect(snapshots.of(hub)).rejects.toMatchObject({ type: 'unavailable' });
    maker.make.mockRejectedValueOnce(new SightmeshError('no_picture'));
    await expect(snapshots.of(hub)).rejects.toMatchObject({ type: 'no_picture' });
    sink.packet(videoFrame(1));
    await expect(snapshots.of(hub)).rejects.toMatchObject({ type: 'no_picture' });
    expect(maker.make).toHaveBeenCalledTimes(2);
  });
});

describe('a job', () => {
  it('is read as it was written', () => {
    const units = [0, 1, 2].map((n) => ({ data: Buffer.alloc(n, n), time: 1.7e12 + n / 3, key: n === 0 }));
    const track = { ...videoTrack, codec: 'h265' as const, vps: [Buffer.from('vps')] };
    expect(decodeJob(encodeJob({ track, units }))).toEqual({
      codec: 'h265',
      parameterSets: [...track.vps, ...track.sps, ...track.pps],
      units,
    });
  });

  it('that is cut off is refused', () => {
    const whole = encodeJob({ track: videoTrack, units: [{ data: Buffer.alloc(9), time: 0, key: true }] });
    expect(() => decodeJob(whole.subarray(0, 8))).toThrow(RangeError);
  });
});

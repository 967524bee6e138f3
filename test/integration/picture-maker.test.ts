import { decode } from 'jpeg-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { PictureJob } from '../../src/media/picture/job.ts';
import { PictureMaker, type PictureMakerOptions } from '../../src/media/picture/maker.ts';
import type { VideoCodec } from '../../src/media/types.ts';
import { type ClipOptions, makeClip } from '../support/media/clip.ts';
import { hasEncoder } from '../support/media/ffmpeg.ts';
import { until } from '../support/until.ts';

const makers: PictureMaker[] = [];
afterEach(() => {
  for (const maker of makers.splice(0)) maker.close();
});

function makerWith(options: PictureMakerOptions = {}): PictureMaker {
  const maker = new PictureMaker(options);
  makers.push(maker);
  return maker;
}

function jobOf(options: ClipOptions = {}): PictureJob {
  const { tracks, packets } = makeClip({ frames: 25, startTime: 1_000_000, ...options });
  const track = tracks[0];
  if (track?.kind !== 'video') throw new Error('the clip has no picture');
  return { track, units: packets };
}

const withPid = (maker: PictureMaker): Promise<number> => until('the process', () => maker.pid);

describe.skipIf(!hasEncoder('libx264'))('pictures on demand', () => {
  it.each(['h264', 'h265'] satisfies VideoCodec[])(
    'are made of %s, the newest one, at any height',
    async (codec) => {
      const job = jobOf({ codec, bFrames: codec === 'h264' ? 2 : 0 });
      const maker = makerWith();
      const last = Math.max(...job.units.map(({ time }) => time));
      const own = await maker.make(job);
      expect(own).toMatchObject({ width: 320, height: 240 });
      expect(Math.abs(own.time - last)).toBeLessThan(0.01);
      expect(decode(own.jpeg)).toMatchObject({ width: 320, height: 240 });
      const small = await maker.make({ ...job, height: 120 });
      expect(decode(small.jpeg)).toMatchObject({ width: 160, height: 120 });
    },
  );

  it('show a wanted time', async () => {
    const job = jobOf({ bFrames: 2 });
    const times = job.units.map(({ time }) => time).sort((one, other) => one - other);
    const wanted = times[10] ?? 0;
    const { time } = await makerWith().make({ ...job, at: wanted + 15 });
    expect(Math.abs(time - wanted)).toBeLessThan(0.01);
  });

  it('are capped at 1080 lines unless more is asked for', async () => {
    const job = jobOf({ frames: 1, size: [2560, 1440] });
    const maker = makerWith();
    expect(await maker.make(job)).toMatchObject({ width: 1920, height: 1080 });
    expect(await maker.make({ ...job, height: 2000 })).toMatchObject({ width: 2560, height: 1440 });
  });

  it('of garbage are refused, and the next one is made', async () => {
    const job = jobOf();
    const maker = makerWith();
    const units = [{ data: Buffer.from('no picture at all'), time: 0, key: true }];
    await expect(maker.make({ ...job, units })).rejects.toMatchObject({ type: 'no_picture' });
    expect((await maker.make(job)).width).toBe(320);
    expect(maker.crashes).toBe(0);
  });

  it('cost only themselves when the process is killed', async () => {
    const job = jobOf({ frames: 100, size: [1920, 1080] });
    const maker = makerWith();
    const lost = maker.make(job).catch((error: unknown) => error);
    const next = maker.make({ ...job, units: job.units.slice(0, 1), height: 108 });
    process.kill(await withPid(maker), 'SIGKILL');
    expect(await lost).toMatchObject({ type: 'no_picture' });
    expect((await next).height).toBe(108);
    expect(maker.crashes).toBe(1);
  });

  it('have a deadline', async () => {
    const job = jobOf();
    const maker = makerWith({ deadlineMs: 4_000 });
    await maker.make(job);
    const pid = await withPid(maker);
    process.kill(pid, 'SIGSTOP');
    await expect(maker.make(job)).rejects.toMatchObject({ type: 'no_picture' });
    expect((await maker.make(job)).width).toBe(320);
    expect(maker.pid).not.toBe(pid);
  });

  it('wait in a bounded queue, and the process ends when idle', async () => {
    const job = jobOf();
    const maker = makerWith({ maxWaiting: 2, idleMs: 50 });
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => maker.make(job)));
    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    await until('the end of the process', () => maker.pid === undefined);
    expect((await maker.make(job)).width).toBe(320);
  });
});

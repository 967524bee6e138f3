import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../support/media/ffmpeg.ts';
import { WatchedCamera } from '../support/rtsp/watched-camera.ts';
import { makeTestVideo, SIMULATOR, Simulator } from '../support/simulator.ts';
import { until } from '../support/until.ts';

const CAMERAS = 60;

describe.skipIf(SIMULATOR === undefined || !hasFfmpeg)(
  'RTSP against the simulator (needs SIGHTMESH_TEST_RTSP_CAMERA and ffmpeg)',
  () => {
    let folder: string;
    let simulator: Simulator;
    let wide: string;
    let cameras: WatchedCamera[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-simulator-'));
      const size = { fps: 25, seconds: 4, kbps: 300, gop: 25 };
      const video = makeTestVideo(path.join(folder, 'a.mp4'), { width: 320, height: 180, ...size });
      wide = makeTestVideo(path.join(folder, 'b.mp4'), { width: 640, height: 360, ...size });
      const secrets = ['-user', 'viewer', '-pass', 'simulated'];
      simulator = await Simulator.start([...secrets, '-cameras', String(CAMERAS), '-file', video, '-stamp']);
    });
    afterAll(async () => {
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    afterEach(async () => {
      await Promise.all(cameras.splice(0).map((camera) => camera.stop()));
      await simulator.fault('*', 'resume');
    });

    /** Cameras 0 to `count` − 1, all live; the first is for the fault, the others are to see nothing of it. */
    async function watch(count = 3): Promise<{ first: WatchedCamera; others: WatchedCamera[] }> {
      cameras = Array.from(
        { length: count },
        (_, index) => new WatchedCamera(simulator.url(`cam${String(index)}`)),
      );
      await Promise.all(cameras.map((camera) => camera.pictures(1)));
      const [first, ...others] = cameras;
      if (first === undefined) throw new Error('no camera');
      return { first, others };
    }

    const untouched = (others: readonly WatchedCamera[]) => {
      for (const other of others) {
        expect(other.ends).toEqual([]);
        expect(other.headers).toHaveLength(1);
        expect(other.source?.stats).toMatchObject({ lost: 0, malformed: 0 });
        expect(other.video.filter((packet) => packet.discontinuity)).toEqual([]);
        expect(other.view.state).toBe('live');
      }
    };

    it('connects 60 cameras at once, each picture in its place', async () => {
      const begun = performance.now();
      const { first, others } = await watch(CAMERAS);
      // A key frame comes each second; the promise of 5 s is for a machine that is not busy with other tests.
      expect(performance.now() - begun).toBeLessThan(8_000);
      await Promise.all(cameras.map((camera) => camera.pictures(50)));
      untouched([first, ...others]);
      for (const camera of cameras) {
        const steps = camera.video
          .slice(1)
          .map((packet, index) => packet.pts - (camera.video[index]?.pts ?? 0));
        expect(Math.max(...steps)).toBe(3_600);
        expect(Math.min(...steps)).toBe(3_600);
      }
    });

    it('freeze: stalled within 10 s, live when it goes on', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'freeze');
      const frozen = performance.now();
      await first.state('stalled');
      expect(performance.now() - frozen).toBeLessThan(12_000);
      await simulator.fault('cam0', 'resume');
      await first.state('live');
      untouched(others);
    });

    it('kick: live again in a new session', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'kick');
      await until('a second session', () => first.headers.some((header) => header.session === 2));
      await first.state('live');
      expect(first.ends.map((end) => end.code)).toEqual(['closed_by_camera']);
      untouched(others);
    });

    it('refuse: unauthorized, and not hammered', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'refuse');
      await simulator.fault('cam0', 'kick');
      expect((await first.state('unauthorized')).message).toMatch(/user name or the password/);
      const refused = () => first.ends.filter((end) => end.code === 'unauthorized').length;
      await others[0]?.pictures(100);
      expect(refused()).toBe(1);
      await simulator.fault('cam0', 'resume');
      first.runner.reconnect();
      await first.state('live');
      untouched(others);
    });

    it('vanish: failed because there is nothing at the path', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'vanish');
      await until('not_found', () => first.ends.some((end) => end.code === 'not_found'));
      expect((await first.state('failed')).message).toMatch(/no stream at this path/);
      await simulator.fault('cam0', 'resume');
      await first.state('live', 30_000);
      untouched(others);
    });

    it('drop: counts what never came, and delivers only whole pictures behind a gap', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'drop?percent=5');
      await until('losses', () => (first.source?.stats.lost ?? 0) > 10);
      await until('a marked gap', () => first.video.some((packet) => packet.discontinuity));
      expect(first.view.state).toBe('live');
      untouched(others);
    });

    it.each([3_600, -3_600])(
      'jump by %i s: a discontinuity, and time goes on as the node sees it',
      async (by) => {
        const { first, others } = await watch();
        await simulator.fault('cam0', `jump?seconds=${String(by)}`);
        await until('a discontinuity', () => first.video.some((packet) => packet.discontinuity));
        await first.pictures(50);
        const { video } = first;
        expect(video.every((packet, index) => index === 0 || packet.dts > (video[index - 1]?.dts ?? 0))).toBe(
          true,
        );
        expect(Math.abs((video.at(-1)?.time ?? 0) - Date.now())).toBeLessThan(2_000);
        expect(first.ends).toEqual([]);
        untouched(others);
      },
    );

    it('garbage: passed over and counted', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', 'garbage?packets=200');
      await until('malformed packets', () => (first.source?.stats.malformed ?? 0) > 50);
      await first.pictures(50);
      expect(first.ends).toEqual([]);
      untouched(others);
    });

    it('switch: another generation with the new size, and back', async () => {
      const { first, others } = await watch();
      await simulator.fault('cam0', `switch?file=${encodeURIComponent(wide)}`);
      const width = () => {
        const track = first.headers.at(-1)?.tracks[0];
        return track?.kind === 'video' ? track.width : 0;
      };
      await until('the new size', () => width() === 640);
      await simulator.fault('cam0', 'switch');
      await until('the old size', () => width() === 320);
      expect(first.ends).toEqual([]);
      expect(first.headers.map((header) => header.generation)).toEqual([1, 2, 3]);
      untouched(others);
    });
  },
);

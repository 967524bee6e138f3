import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Camera, CameraStatus, EventRecord, Recordings } from '../../src/contracts/entities.ts';
import type { Api } from '../support/api.ts';
import { hasChromium, startChromium } from '../support/browser/chromium.ts';
import { webRtcWorkerBin } from '../support/browser/webrtc-worker.ts';
import { hasFfmpeg, probe } from '../support/media/ffmpeg.ts';
import { ADMIN_PASSWORD, NodeProcess } from '../support/node-process.ts';
import { checkRecordings, makeTestVideo, Simulator, SIMULATOR } from '../support/simulator.ts';
import { until } from '../support/until.ts';

const PERSONS = path.resolve(
  import.meta.dirname,
  '../../../shared/fixtures/video/one-by-one-person-detection.mp4',
);
const CONSOLE = path.resolve(import.meta.dirname, '../../web/dist/index.html');
const ready = hasFfmpeg && SIMULATOR !== undefined;

const iso = (time: number): string => new Date(time).toISOString();

describe.skipIf(!ready)('a node and its cameras (needs ffmpeg and the camera simulator)', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-e2e-'));
  const node = new NodeProcess();
  let cameras: Simulator;
  let api: Api;
  let browser: Browser | undefined;

  const status = (id: string): Promise<CameraStatus> => api.get(`/cameras/${id}/status`);
  const add = (fields: object): Promise<Camera> =>
    api.json('POST', '/cameras', { detect: { enabled: false }, ...fields });
  const live = (id: string, deadlineMs = 15_000) =>
    until(`camera ${id} to be live`, async () => (await status(id)).state === 'live', { deadlineMs });

  beforeAll(async () => {
    const size = { width: 640, height: 360, fps: 25, seconds: 8, kbps: 800, gop: 50 };
    const file = makeTestVideo(path.join(folder, 'a.mp4'), size);
    const files = existsSync(PERSONS) ? ['-file', file, '-file', file, '-file', PERSONS] : ['-file', file];
    cameras = await Simulator.start([
      '-cameras',
      '6',
      '-stamp',
      '-user',
      'viewer',
      '-pass',
      's3cret',
      ...files,
    ]);
    await node.start();
    api = await node.api();
  });

  afterAll(async () => {
    await browser?.close();
    await node.remove();
    await cameras.stop();
    rmSync(folder, { recursive: true });
  });

  it('takes a camera and has it live within 5 s', async () => {
    const began = performance.now();
    const camera = await add({ name: 'Front door', url: cameras.url('cam0') });
    expect(camera).toMatchObject({ id: 'front-door', hasCredentials: true });
    expect(JSON.stringify(camera)).not.toContain('s3cret');
    await live('front-door');
    expect(performance.now() - began).toBeLessThan(5_000);
    const { streams } = await until('its size to be known', async () => {
      const found = await status('front-door');
      return found.streams['main']?.width === 640 && found;
    });
    expect(streams['main']).toMatchObject({ codec: 'h264', width: 640, height: 360, webrtc: true });
  });

  it('records it from the first second, lists it, and plays it as one MP4', async () => {
    const from = iso(Date.now() - 60_000);
    const recordings = await until('4 s of recording', async () => {
      const found = await api.get<Recordings>(
        `/recordings?camera=front-door&from=${from}&to=${iso(Date.now())}`,
      );
      const [interval] = found.intervals;
      const length = interval ? Date.parse(interval.to) - Date.parse(interval.from) : 0;
      return length > 4_000 && found;
    });
    expect(recordings.gaps.every(({ cause }) => cause === 'starting')).toBe(true);
    const answer = await api.call(
      'GET',
      `/cameras/front-door/playback.mp4?from=${from}&to=${iso(Date.now())}`,
    );
    expect(answer.status).toBe(200);
    const file = path.join(folder, 'playback.mp4');
    writeFileSync(file, answer.body);
    const [video] = probe(file).streams;
    expect(video).toMatchObject({ codec_name: 'h264', width: 640 });
    expect(Number(video?.nb_read_frames)).toBeGreaterThan(75);
    const { missing, duplicates, errors } = await checkRecordings([file]);
    expect({ missing, duplicates, errors }).toEqual({ missing: 0, duplicates: 0, errors: [] });
  });

  it('answers a snapshot, live and recorded', async () => {
    const now = await api.call('GET', '/cameras/front-door/snapshot.jpg?height=180');
    expect(now.headers.get('content-type')).toBe('image/jpeg');
    expect(now.body.readUInt16BE(0)).toBe(0xffd8);
    const then = await api.call('GET', `/cameras/front-door/snapshot.jpg?at=${iso(Date.now() - 3_000)}`);
    expect(then.status).toBe(200);
    expect(then.body.readUInt16BE(0)).toBe(0xffd8);
  });

  it('says what is wrong with a password, and mends it when it is changed', async () => {
    await add({ name: 'Gate', url: cameras.url('cam1'), password: 'wrong' });
    const refused = await until('the camera to be unauthorized', async () => {
      const found = await status('gate');
      return found.state === 'unauthorized' && found;
    });
    expect(refused.message).toMatch(/password/i);
    expect(JSON.stringify(refused)).not.toContain('wrong"');
    await api.json('PATCH', '/cameras/gate', { password: 's3cret' });
    await live('gate');
  });

  it('adds, changes and removes cameras without a lost picture of another', async () => {
    const began = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const { id } = await add({ name: 'Passing', url: cameras.url('cam3') });
      await live(id);
      await api.json('PATCH', `/cameras/${id}`, { name: 'Other', record: { mode: 'off' } });
      await api.json('PATCH', `/cameras/${id}`, { url: cameras.url('cam4') });
      await live(id);
      expect((await api.call('DELETE', `/cameras/${id}`)).status).toBe(204);
    }
    const file = path.join(folder, 'undisturbed.mp4');
    const { missing } = await until('two seconds of the other camera', async () => {
      const range = `from=${iso(began)}&to=${iso(Date.now())}`;
      writeFileSync(file, (await api.call('GET', `/cameras/front-door/playback.mp4?${range}`)).body);
      const found = await checkRecordings([file]);
      return found.frames > 50 && found;
    });
    expect(missing).toBe(0);
    expect((await api.call('GET', '/cameras/passing/status')).status).toBe(404);
  });

  it.skipIf(!existsSync(PERSONS))('reports a person within a minute (needs ../shared)', async () => {
    await add({ name: 'Corridor', url: cameras.url('cam2'), detect: { enabled: true } });
    const event = await until(
      'a person event with its picture',
      async () => {
        const { items } = await api.get<{ items: EventRecord[] }>('/events?camera=corridor&label=person');
        return items.find(({ snapshot }) => snapshot !== null);
      },
      { deadlineMs: 60_000, everyMs: 500 },
    );
    expect(event.score).toBeGreaterThan(0.5);
    const picture = await api.call('GET', `/events/${event.id}/snapshot.jpg`);
    expect(picture.body.readUInt16BE(0)).toBe(0xffd8);
    const clip = await api.call('GET', `/events/${event.id}/clip.mp4`);
    expect(clip.headers.get('content-type')).toBe('video/mp4');
  });

  it.skipIf(!hasChromium || webRtcWorkerBin === undefined || !existsSync(CONSOLE))(
    'shows it in a browser by WebRTC after login (needs Chromium, the WebRTC worker and the built console)',
    async () => {
      browser = await startChromium();
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.goto(node.http);
      await page.fill('input[autocomplete="username"]', 'admin');
      await page.fill('input[autocomplete="current-password"]', ADMIN_PASSWORD);
      const problems: string[] = [];
      await page.keyboard.press('Enter');
      await page.waitForSelector('video');
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      page.on('pageerror', (error) => problems.push(error.message));
      // Runs in the page: -1 for a video that does not come by WebRTC.
      const frames = (): Promise<number[]> =>
        page.$$eval('video', (videos) =>
          videos.map((video) => {
            const shown = video as unknown as {
              srcObject: object | null;
              getVideoPlaybackQuality(): { totalVideoFrames: number };
            };
            return shown.srcObject === null ? -1 : shown.getVideoPlaybackQuality().totalVideoFrames;
          }),
        );
      const before = await until('a tile to play by WebRTC', async () => {
        const counts = await frames();
        return counts.some((count) => count > 10) && counts;
      });
      const best = Math.max(...before);
      await until('more pictures', async () => Math.max(...(await frames())) > best + 50, {
        deadlineMs: 15_000,
      });
      expect(problems).toEqual([]);
    },
  );
});

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, startChromium } from '../support/browser/chromium.ts';
import { LiveServer } from '../support/browser/live-server.ts';
import type { PageState, WhepSeen } from '../support/browser/page-types.ts';
import { webRtcWorkerBin } from '../support/browser/webrtc-worker.ts';
import { type ClipOptions, makeClip } from '../support/media/clip.ts';
import { hasFfmpeg } from '../support/media/ffmpeg.ts';
import { PlayedClip } from '../support/media/play-clip.ts';
import { until } from '../support/until.ts';

const possible = hasChromium && hasFfmpeg && webRtcWorkerBin !== undefined;
const CLIP_MS = 4_000;

describe.skipIf(!possible)('live in Chromium', () => {
  const server = new LiveServer({ workerBin: webRtcWorkerBin });
  const played: PlayedClip[] = [];
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  function play(camera: string, options: ClipOptions): PlayedClip {
    const clip = makeClip({ frames: 100, gop: 50, size: [320, 240], profile: 'main', ...options });
    const made = new PlayedClip(server.hubs.ensure(camera, 'main'), clip, CLIP_MS);
    played.push(made);
    return made;
  }

  const call = <T>(expression: string): Promise<T> => page.evaluate(expression);
  const state = (): Promise<PageState> => call('live.state()');
  const open = (kind: 'webrtc' | 'mse', camera: string): Promise<void> =>
    call(`live.open('${kind}', '${camera}', 'main', true)`);
  const whep = (camera: string, ms: number): Promise<WhepSeen> => call(`live.whep('${camera}', ${ms})`);

  const playing = (frames: number): Promise<PageState> =>
    until(`${frames} frames`, async () => {
      const now = await state();
      if (now.failure !== null) throw new Error(`the player failed: ${now.failure}`);
      return now.shown.length >= frames && now;
    });

  beforeAll(async () => {
    const url = await server.start();
    play('aac', { audio: true });
    play('g711', { audio: 'pcma' });
    play('reordered', { bFrames: 2, audio: true });
    browser = await startChromium();
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(url);
  });

  afterAll(async () => {
    for (const one of played) one.stop();
    await (browser as Browser | undefined)?.close();
    await server.stop();
  });

  it('shows the cached pictures at once and moves to the shared stream without a gap', async () => {
    await open('webrtc', 'aac');
    const { shown, firstMs, videos } = await until('the shared stream', async () => {
      const now = await state();
      return new Set(now.shown.map(({ video }) => video)).size === 2 && now.shown.length > 75 && now;
    });
    expect(firstMs).toBeLessThan(3_000);
    expect(videos).toBe(2);
    const moved = shown.findIndex(({ video }) => video !== shown[0]?.video);
    const media = shown.slice(moved - 5).map(({ rtp }) => (rtp ?? 0) / 90);
    const steps = media.slice(1).map((at, index) => at - (media[index] ?? 0));
    // Frames of one moment have one time on both ways; the browser may pass a frame over, but none is shown late.
    expect(Math.max(...steps)).toBeLessThanOrEqual(400);
    await call('live.close()');
  });

  it('ends a session that the viewer leaves, and the restreamer some time after the last viewer', async () => {
    await open('webrtc', 'aac');
    await playing(10);
    expect(server.spawner.running.map(({ name }) => name)).toContain('restreamer.aac');
    await call('live.close()');
    await until('the end of the session', () => server.pool.stats[0]?.viewers === 0);
    await until(
      'the end of the restreamer',
      () => !server.spawner.running.some(({ name }) => name === 'restreamer.aac'),
    );
    expect(errors).toEqual([]);
  });

  it('answers any WHEP player, with AAC as Opus', async () => {
    const seen = await whep('aac', 3_000);
    expect(seen.status).toBe(201);
    expect(seen.shown?.length).toBeGreaterThan(40);
    expect(seen.heard?.hertz).toBeGreaterThan(420);
    expect(seen.heard?.hertz).toBeLessThan(460);
  });

  it('passes G.711 on', async () => {
    const seen = await whep('g711', 3_000);
    expect(seen.inbound?.['audio']?.packetsReceived).toBeGreaterThan(100);
    expect(seen.heard?.hertz).toBeGreaterThan(420);
    expect(seen.heard?.hertz).toBeLessThan(460);
  });

  it('refuses B-frames with a code that sends the player to MSE, where they play', async () => {
    await expect(whep('reordered', 100)).resolves.toMatchObject({ status: 415, code: 'codec_not_playable' });
    errors.length = 0;
    await open('mse', 'reordered');
    expect((await playing(30)).width).toBe(320);
  });

  it('lets nobody join a stream whose B-frames have not shown themselves yet', async () => {
    const clip = makeClip({ frames: 100, gop: 100, size: [320, 240], bFrames: 2 });
    const late = { ...clip, packets: clip.packets.slice(90).concat(clip.packets.slice(0, 90)) };
    played.push(new PlayedClip(server.hubs.ensure('late', 'main'), late, CLIP_MS));
    const codes: (string | undefined)[] = [];
    await until('the refusal', async () => {
      const { code } = await whep('late', 100);
      codes.push(code);
      return code === 'codec_not_playable';
    });
    expect(['camera_offline', 'codec_not_playable']).toEqual(expect.arrayContaining(codes));
    errors.length = 0;
  });

  it('takes one stream from the hub, however many watch, and goes on when the camera comes back', async () => {
    const before = play('returning', {});
    await open('webrtc', 'returning');
    await playing(10);
    const second = await browser.newPage();
    await second.goto(page.url());
    await second.evaluate(`live.open('webrtc', 'returning', 'main', false)`);
    const hub = server.hubs.ensure('returning', 'main');
    await until('two viewers', () => server.pool.stats[0]?.viewers === 2);
    expect(hub.readers.filter(({ name }) => name === 'webrtc')).toHaveLength(1);
    await second.close();
    before.stop();
    const { shown } = await state();
    play('returning', {});
    await playing(shown.length + 50);
    await call('live.close()');
  });

  it('plays by MSE with sound, from AAC and from G.711', async () => {
    for (const camera of ['aac', 'g711']) {
      await open('mse', camera);
      const { width, firstMs } = await playing(40);
      expect(width).toBe(320);
      expect(firstMs).toBeLessThan(3_000);
      await until('sound', async () => (await state()).audioBytes > 0);
    }
  });

  it('plays by MSE although the sound that was announced never comes', async () => {
    const clip = makeClip({ frames: 100, gop: 50, audio: true });
    const silent = { ...clip, packets: clip.packets.filter(({ kind }) => kind === 'video') };
    played.push(new PlayedClip(server.hubs.ensure('mute', 'main'), silent, CLIP_MS));
    await open('mse', 'mute');
    await playing(40);
  });

  it('closes the socket of a camera that is not there, so that the player tries again later', async () => {
    await open('mse', 'nowhere');
    await until('the failure', async () => (await state()).failure === 'offline');
  });

  it('says that a removed camera is offline', async () => {
    const removed = play('removed', {});
    await open('mse', 'removed');
    await playing(10);
    removed.stop();
    server.hubs.remove('removed');
    await until('the failure', async () => (await state()).failure === 'offline');
  });

  it('serves new sessions soon after a worker was killed', async () => {
    await open('webrtc', 'aac');
    await playing(10);
    const pid = server.pool.stats[0]?.pid;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGKILL');
    await until('another worker', () => server.pool.stats[0]?.restarts === 1);
    await open('webrtc', 'aac');
    await playing(10);
    expect(server.pool.stats[0]?.pid).not.toBe(pid);
    expect(server.pool.unavailable).toBeNull();
    await call('live.close()');
  });

  it('goes on with the picture while the process that transcodes sound is killed, and the sound returns', async () => {
    await open('mse', 'g711');
    await playing(20);
    const { pid } = server.transcoding.stats;
    if (pid === undefined) throw new Error('no process');
    process.kill(pid, 'SIGKILL');
    const before = (await state()).shown.length;
    await playing(before + 50);
    const { audioBytes } = await state();
    await until('sound again', async () => (await state()).audioBytes > audioBytes);
    expect(server.transcoding.stats.restarts).toBe(1);
    await call('live.close()');
  });
});

// How soon a viewer sees a live picture, and how old it is, in Chromium, through a whole node.
//   npm run bench -- live [joins=30]
// Needs ffmpeg, Chromium, the WebRTC worker and the camera simulator (SIGHTMESH_TEST_RTSP_CAMERA).
// The peer is the plain way on the same node: a WHEP player beside the console's own, which gets the cached pictures too,
// and the least that any player without cached pictures can reach on average, half a GOP.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startChromium } from '../test/support/browser/chromium.ts';
import { bundlePlayers } from '../test/support/browser/live-server.ts';
import type { PageState, WhepSeen } from '../test/support/browser/page-types.ts';
import { ADMIN_PASSWORD, NodeProcess } from '../test/support/node-process.ts';
import { Simulator } from '../test/support/simulator.ts';
import { until } from '../test/support/until.ts';
import { BITS, makeCountedVideo, SQUARE } from './support/counted-video.ts';
import { median, percentile, round } from './support/statistics.ts';

const [joins = 30] = process.argv.slice(2).map(Number);
const FPS = 25;
const GOP = 50;
const FRAME_MS = 1000 / FPS;
const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-bench-'));

/** Runs in the page: notes for each shown frame its number and the wall clock, for some seconds. */
const COUNT = `(ms) => new Promise((resolve) => {
  const canvas = document.createElement('canvas');
  canvas.width = ${String(BITS * SQUARE)}; canvas.height = ${String(SQUARE)};
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const video = document.querySelector('video');
  const seen = [];
  const end = performance.now() + ms;
  const look = () => {
    const at = performance.timeOrigin + performance.now();
    context.drawImage(video, 0, 0, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
    let number = 0;
    for (let bit = 0; bit < ${String(BITS)}; bit += 1) {
      const [red] = context.getImageData(bit * ${String(SQUARE)} + ${String(SQUARE / 2)}, ${String(SQUARE / 2)}, 1, 1).data;
      if (red > 127) number |= 1 << bit;
    }
    seen.push([at, number]);
    if (performance.now() < end) video.requestVideoFrameCallback(look); else resolve(seen);
  };
  video.requestVideoFrameCallback(look);
})`;

async function openPage(http: string): Promise<Page> {
  const browser = await startChromium();
  const page = await browser.newPage();
  await page.goto(http);
  await page.evaluate(
    `fetch('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }))} })`,
  );
  await page.goto(`${http}/favicon.svg`);
  await page.goto(http);
  await page.evaluate('document.body.replaceChildren()');
  await page.evaluate(await bundlePlayers());
  return page;
}

/** Milliseconds from opening the player to the first picture, and to the lasting stream. */
async function join(page: Page): Promise<{ first: number; lasting: number }> {
  await page.evaluate("live.open('webrtc', 'cam', 'main', false)");
  const state = await until('the lasting stream', async () => {
    const now = await page.evaluate<PageState>('live.state()');
    if (now.failure !== null) throw new Error(now.failure);
    return new Set(now.shown.map(({ video }) => video)).size > 1 && now;
  });
  await page.evaluate('live.close()');
  const [begin] = state.shown;
  const moved = state.shown.find(({ video }) => video !== begin?.video);
  const first = state.firstMs ?? Number.NaN;
  return { first, lasting: first + (moved?.at ?? Number.NaN) - (begin?.at ?? 0) };
}

/** Milliseconds from the camera's sending to the shown picture, by the number in the picture. */
async function ages(page: Page, simulator: Simulator): Promise<number[]> {
  await page.evaluate("live.open('webrtc', 'cam', 'main', false)");
  await until('the lasting stream', async () => {
    const { shown } = await page.evaluate<PageState>('live.state()');
    return new Set(shown.map(({ video }) => video)).size > 1;
  });
  const keyTimes = new Set<number>();
  const watching = new AbortController();
  const watch = (async () => {
    while (!watching.signal.aborted) {
      const [stream] = await simulator.stats();
      if (stream !== undefined) keyTimes.add(Date.parse(stream.last_key_frame));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const seen = await page.evaluate<[number, number][]>(`(${COUNT})(10_000)`);
  watching.abort();
  await watch;
  await page.evaluate('live.close()');
  return seen.flatMap(([at, number]) => {
    const sent = [...keyTimes].map((key) => key + (number % GOP) * FRAME_MS).filter((time) => time <= at);
    const age = at - Math.max(...sent);
    // The first key frame of the watch may be missing: then the one before seems to be two seconds old.
    return Number.isFinite(age) && age < GOP * FRAME_MS - 100 ? [age] : [];
  });
}

const file = await makeCountedVideo(path.join(folder, 'counted.mp4'), {
  width: 1280,
  height: 720,
  fps: FPS,
  frames: 500,
  gop: GOP,
});
const simulator = await Simulator.start(['-cameras', '1', '-file', file, '-stamp', '-batch', '0']);
const node = new NodeProcess();
try {
  await node.start();
  const api = await node.api();
  await api.json('POST', '/cameras', {
    id: 'cam',
    name: 'cam',
    url: simulator.url('cam0'),
    detect: { enabled: false },
  });
  await until(
    'the camera',
    async () => (await api.get<{ state: string }>('/cameras/cam/status')).state === 'live',
  );
  const page = await openPage(node.http);
  await join(page);
  const all = [];
  for (let number = 0; number < joins; number += 1) {
    all.push(await join(page));
    // So that joins fall on all places of the GOP.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * GOP * FRAME_MS));
  }
  const whep = [];
  for (let number = 0; number < Math.min(10, joins); number += 1) {
    const { shown } = await page.evaluate<WhepSeen>("live.whep('cam', 800)");
    whep.push(shown?.[0] ?? Number.NaN);
  }
  const old = await ages(page, simulator);
  const firsts = all.map(({ first }) => first);
  const lasting = all.map(({ lasting: ms }) => ms);
  const result = {
    bench: 'live',
    joins,
    gopMs: GOP * FRAME_MS,
    ours: {
      firstPictureMs: {
        median: round(median(firsts), 0),
        p95: round(percentile(firsts, 0.95), 0),
        most: round(Math.max(...firsts), 0),
      },
      lastingStreamMs: { median: round(median(lasting), 0), p95: round(percentile(lasting, 0.95), 0) },
      glassToGlassMs: {
        median: round(median(old), 0),
        p95: round(percentile(old, 0.95), 0),
        frames: old.length,
      },
    },
    peer: {
      what: 'WHEP on the same node; waiting for the next key frame',
      whepFirstPictureMs: round(median(whep), 0),
      uncachedMeanMs: (GOP * FRAME_MS) / 2,
    },
    ratio: { firstPictureToUncached: round(median(firsts) / ((GOP * FRAME_MS) / 2), 3) },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  await page.context().browser()?.close();
} finally {
  await node.remove();
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
}

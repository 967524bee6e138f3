import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraStatus, Recordings } from '../../src/contracts/entities.ts';
import type { Api } from '../support/api.ts';
import { segmentFiles } from '../support/archive-files.ts';
import { webRtcWorkerBin } from '../support/browser/webrtc-worker.ts';
import { hasFfmpeg, probe } from '../support/media/ffmpeg.ts';
import { NodeProcess } from '../support/node-process.ts';
import { childrenOf } from '../support/processes.ts';
import { checkRecordings, makeTestVideo, Simulator, SIMULATOR } from '../support/simulator.ts';
import { until } from '../support/until.ts';

const ready = hasFfmpeg && SIMULATOR !== undefined;
const iso = (time: number): string => new Date(time).toISOString();
const CAMERAS = ['cam0', 'cam1', 'cam2'] as const;

describe.skipIf(!ready)('kill -9 (needs ffmpeg and the camera simulator)', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-crash-'));
  const node = new NodeProcess();
  let cameras: Simulator;
  let api: Api;

  const status = (id: string): Promise<CameraStatus> => api.get(`/cameras/${id}/status`);
  const live = (id: string) => until(`${id} to be live`, async () => (await status(id)).state === 'live');
  const recorded = (id: string, from: number): Promise<Recordings> =>
    api.get(`/recordings?camera=${id}&from=${iso(from)}&to=${iso(Date.now())}`);
  /** Waits until all cameras have recorded this long since a time. */
  const hasRecorded = (since: number, ms: number) =>
    Promise.all(
      CAMERAS.map((id) =>
        until(`${id} to record`, async () => {
          const { intervals } = await recorded(id, since);
          const last = intervals.at(-1);
          return last !== undefined && Date.parse(last.to) - Math.max(since, Date.parse(last.from)) > ms;
        }),
      ),
    );

  beforeAll(async () => {
    const size = { width: 640, height: 360, fps: 25, seconds: 8, kbps: 1_000, gop: 50 };
    const file = makeTestVideo(path.join(folder, 'a.mp4'), size);
    cameras = await Simulator.start(['-cameras', String(CAMERAS.length), '-stamp', '-file', file]);
    await node.start();
    api = await node.api();
    for (const id of CAMERAS) {
      await api.json('POST', '/cameras', { id, name: id, url: cameras.url(id), detect: { enabled: false } });
    }
  });

  afterAll(async () => {
    await node.remove();
    await cameras.stop();
    rmSync(folder, { recursive: true });
  });

  it('of the node loses at most a second of each camera, leaves no broken file, and names the gap', async () => {
    const archive = path.join(node.data, 'archive');
    const began = Date.now();
    const kills: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await hasRecorded(Date.now(), 2_500);
      kills.push(Date.now());
      await node.stop('SIGKILL');
      await node.start();
      api = await node.api();
      await Promise.all(CAMERAS.map(live));
    }
    await hasRecorded(Date.now(), 1_000);
    for (const id of CAMERAS) {
      const { intervals, gaps } = await recorded(id, began);
      expect(gaps.filter(({ cause }) => cause === 'node_down').length).toBeGreaterThanOrEqual(kills.length);
      for (const kill of kills) {
        const last = intervals.map(({ to }) => Date.parse(to)).filter((to) => to <= kill + 100);
        const lost = kill - Math.max(...last, 0);
        expect(lost, `lost of ${id} before the kill`).toBeLessThan(1_000);
      }
    }
    await node.stop();
    for (const file of segmentFiles(archive)) expect(() => probe(file)).not.toThrow();
    const { errors, duplicates } = await checkRecordings(segmentFiles(archive));
    expect({ errors, duplicates }).toEqual({ errors: [], duplicates: 0 });
    await node.start();
    api = await node.api();
    await Promise.all(CAMERAS.map(live));
  });

  it('a stop that is asked for loses no picture that came', async () => {
    const since = Date.now();
    await hasRecorded(since, 2_000);
    const asked = Date.now();
    expect(await node.stop()).toBe(0);
    await node.start();
    api = await node.api();
    for (const id of CAMERAS) {
      const { intervals } = await recorded(id, since);
      const before = intervals.map(({ to }) => Date.parse(to)).filter((to) => to < asked + 2_000);
      expect(Math.max(...before)).toBeGreaterThan(asked - 200);
    }
    await Promise.all(CAMERAS.map(live));
  });

  it('of an analysis worker costs no recording, and analysis comes back', async () => {
    await hasRecorded(Date.now(), 500);
    const began = Date.now();
    await api.json('PATCH', '/cameras/cam0', { detect: { enabled: true } });
    const worker = () => childrenOf(node.pid).find(({ command }) => command.includes('analysis.worker'));
    const first = await until('an analysis worker', worker);
    await until('analysis to run', async () => (await status('cam0')).actors.analyzer?.state !== 'starting');
    process.kill(first.pid, 'SIGKILL');
    await until('another worker', () => {
      const now = worker();
      return now !== undefined && now.pid !== first.pid;
    });
    await hasRecorded(Date.now(), 1_000);
    const { coverage, gaps } = await recorded('cam0', began);
    expect(gaps).toEqual([]);
    expect(coverage).toBe(1);
    await api.json('PATCH', '/cameras/cam0', { detect: { enabled: false } });
  });

  it.skipIf(webRtcWorkerBin === undefined)(
    'of the WebRTC worker is mended within seconds (needs it)',
    async () => {
      const worker = () => childrenOf(node.pid).find(({ command }) => command.includes('mediasoup-worker'));
      const first = await until('the WebRTC worker', worker);
      const live = () =>
        api.call('POST', '/cameras/cam0/live', {
          fingerprint: { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') },
          kinds: ['video'],
        });
      expect((await live()).status).toBe(201);
      process.kill(first.pid, 'SIGKILL');
      await until('a new session', async () => (await live()).status === 201);
      expect(worker()?.pid).not.toBe(first.pid);
      const { gaps } = await recorded('cam0', Date.now() - 2_000);
      expect(gaps).toEqual([]);
    },
  );

  it('of a source worker costs its camera a reconnect and nothing else', async () => {
    const began = Date.now();
    await api.json('POST', '/cameras', {
      id: 'drawn',
      name: 'Drawn',
      url: 'test://yard',
      detect: { enabled: false },
    });
    await live('drawn');
    const worker = () => childrenOf(node.pid).find(({ command }) => command.includes('test-source.worker'));
    const first = await until('the source worker', worker);
    process.kill(first.pid, 'SIGKILL');
    await until('another worker', () => {
      const now = worker();
      return now !== undefined && now.pid !== first.pid;
    });
    await live('drawn');
    const { gaps } = await recorded('cam1', began);
    expect(gaps).toEqual([]);
  });
});

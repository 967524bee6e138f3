// What `kill -9` costs while recording: seconds lost before each kill, and files that cannot be played.
//   npm run bench -- crash [kills=20] [cameras=4]
// Needs ffmpeg and the camera simulator (SIGHTMESH_TEST_RTSP_CAMERA). The peer records the same cameras with
// `ffmpeg -c copy` to MP4 segments of 10 s, killed at the same moments.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { segmentFiles } from '../test/support/archive-files.ts';
import { NodeProcess } from '../test/support/node-process.ts';
import { checkRecordings, makeTestVideo, Simulator } from '../test/support/simulator.ts';
import { until } from '../test/support/until.ts';
import { median, percentile, round } from './support/statistics.ts';

const [kills = 20, cameras = 4] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-bench-'));
const names = Array.from({ length: cameras }, (_, index) => `cam${String(index)}`);

const playable = (file: string): boolean => {
  const { status, stderr } = spawnSync('ffprobe', ['-v', 'error', '-count_packets', '-show_streams', file]);
  return status === 0 && stderr.length === 0;
};

/** Seconds between the newest picture in the files and a moment, the worst of all cameras. */
async function lostBefore(files: readonly string[], moment: number): Promise<number> {
  const whole = files.filter(playable);
  const streams = whole.length === 0 ? [] : (await checkRecordings(whole)).streams;
  const ends = streams.map(({ last_wall }) => Date.parse(last_wall));
  const worst = names.length > ends.length ? Number.NEGATIVE_INFINITY : Math.min(...ends);
  return (moment - worst) / 1000;
}

function startPeer(target: string): ChildProcess[] {
  return names.map((name) => {
    const own = path.join(target, name);
    mkdirSync(own, { recursive: true });
    const output = [
      '-c',
      'copy',
      '-f',
      'segment',
      '-segment_time',
      '10',
      '-reset_timestamps',
      '1',
      `${own}/%05d.mp4`,
    ];
    const input = ['-rtsp_transport', 'tcp', '-i', simulator.url(name)];
    return spawn('ffmpeg', ['-nostdin', '-loglevel', 'quiet', ...input, ...output], { stdio: 'ignore' });
  });
}

const video = { width: 1280, height: 720, fps: 25, seconds: 20, kbps: 3_000, gop: 50 };
const simulator = await Simulator.start([
  ...['-cameras', String(cameras), '-stamp'],
  ...['-file', makeTestVideo(path.join(folder, 'camera.mp4'), video)],
]);
const node = new NodeProcess();
const archive = path.join(node.data, 'archive');
const lost: number[] = [];
const peerLost: number[] = [];
let peerUnplayable = 0;
try {
  await node.start();
  const api = await node.api();
  for (const id of names) {
    await api.json('POST', '/cameras', { id, name: id, url: simulator.url(id), detect: { enabled: false } });
  }
  for (let round_ = 0; round_ < kills; round_ += 1) {
    const target = path.join(folder, `peer-${String(round_)}`);
    const peers = startPeer(target);
    const recording = (folder_: string): boolean => segmentFiles(folder_).length >= cameras;
    await until('all cameras to record', () => recording(archive) && recording(target), {
      deadlineMs: 60_000,
    });
    await delay(3_000 + Math.random() * 4_000);
    const killed = Date.now();
    const ended = peers.map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of peers) child.kill('SIGKILL');
    await Promise.all([node.stop('SIGKILL'), ...ended]);
    await node.start();
    const since = (file: string): boolean => startOf(file) >= killed;
    await until('all cameras to record again', () => segmentFiles(archive).filter(since).length >= cameras, {
      deadlineMs: 60_000,
    });
    const own = segmentFiles(archive).filter((file) => !since(file));
    lost.push(await lostBefore(own, killed));
    const peerFiles = segmentFiles(target);
    peerUnplayable += peerFiles.filter((file) => !playable(file)).length;
    peerLost.push(Math.min(10, await lostBefore(peerFiles, killed)));
  }
  await node.stop();
  const files = segmentFiles(archive);
  const result = {
    bench: 'crash',
    kills,
    cameras,
    ours: {
      lostSeconds: { median: round(median(lost)), most: round(percentile(lost, 1)) },
      files: files.length,
      unplayable: files.filter((file) => !playable(file)).length,
    },
    peer: {
      what: 'ffmpeg -c copy, MP4 segments of 10 s (more than 10 s counts as 10)',
      lostSeconds: { median: round(median(peerLost)), most: round(percentile(peerLost, 1)) },
      unplayable: peerUnplayable,
    },
    ratio: { lost: round(median(lost) / median(peerLost), 3) },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await node.remove();
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The time in the name of a segment. */
function startOf(file: string): number {
  return Number.parseInt(path.basename(file), 10);
}

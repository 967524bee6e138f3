// CPU, memory and completeness of recording RTSP cameras, beside one `ffmpeg -c copy` a camera in the same run.
//   npm run bench -- record [cameras=30] [seconds=40] [rounds=2]
// Needs ffmpeg and the camera simulator (SIGHTMESH_TEST_RTSP_CAMERA).
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeProcess } from '../test/support/node-process.ts';
import { checkRecordings, makeTestVideo, Simulator } from '../test/support/simulator.ts';
import { until } from '../test/support/until.ts';
import { treeUsage } from './support/process-tree.ts';
import { median, round } from './support/statistics.ts';

const [cameras = 30, seconds = 40, rounds = 2] = process.argv.slice(2).map(Number);
const WARM_UP_MS = 8_000;
const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-bench-'));

interface Run {
  /** CPU milliseconds per camera and second. */
  readonly cpu: number;
  /** Bytes per camera. */
  readonly resident: number;
  readonly proportional: number;
  readonly missing: number;
  readonly frames: number;
}

/** Measures the tree while it records, then what is on disk. */
async function measure(
  roots: readonly number[],
  stop: () => Promise<void>,
  files: () => string[],
): Promise<Run> {
  await delay(WARM_UP_MS);
  const before = treeUsage(roots);
  const began = performance.now();
  await delay(seconds * 1000);
  const after = treeUsage(roots);
  const elapsed = (performance.now() - began) / 1000;
  await stop();
  const { missing, frames } = await checkRecordings(files());
  return {
    cpu: (after.cpuMs - before.cpuMs) / elapsed / cameras,
    resident: after.residentBytes / cameras,
    proportional: after.proportionalBytes / cameras,
    missing,
    frames,
  };
}

async function ours(simulator: Simulator, round_: number): Promise<Run> {
  const data = path.join(folder, `ours-${String(round_)}`);
  const config = path.join(folder, 'sightmesh.json');
  const list = Array.from({ length: cameras }, (_, index) => ({
    id: `cam${String(index)}`,
    name: `Camera ${String(index)}`,
    url: simulator.url(`cam${String(index)}`),
    detect: { enabled: false },
  }));
  writeFileSync(config, JSON.stringify({ cameras: list, roles: ['ingest', 'record'] }));
  const node = new NodeProcess({ data: mkdtempSync(`${data}-`), env: { SIGHTMESH_CONFIG: config } });
  await node.start();
  const archive = path.join(node.data, 'archive');
  await until('the first segments', () => videoFiles(archive).length >= cameras, { deadlineMs: 30_000 });
  const run = await measure(
    [node.pid],
    async () => {
      await node.stop();
    },
    () => videoFiles(archive),
  );
  rmSync(node.data, { recursive: true });
  return run;
}

async function ffmpeg(simulator: Simulator, round_: number): Promise<Run> {
  const target = path.join(folder, `ffmpeg-${String(round_)}`);
  const children: ChildProcess[] = [];
  for (let index = 0; index < cameras; index += 1) {
    const own = mkdtempSync(`${target}-${String(index)}-`);
    const input = ['-rtsp_transport', 'tcp', '-i', simulator.url(`cam${String(index)}`)];
    const output = [
      '-c',
      'copy',
      '-f',
      'segment',
      '-segment_time',
      '10',
      '-segment_format',
      'mp4',
      '-reset_timestamps',
      '1',
    ];
    children.push(
      spawn('ffmpeg', ['-nostdin', '-loglevel', 'quiet', ...input, ...output, path.join(own, '%05d.mp4')], {
        stdio: 'ignore',
      }),
    );
  }
  const folders = (): string[] =>
    readdirSync(folder).filter((name) => name.startsWith(path.basename(target)));
  const files = (): string[] => folders().flatMap((name) => videoFiles(path.join(folder, name)));
  await until('the first files', () => files().length >= cameras, { deadlineMs: 60_000 });
  const stop = async (): Promise<void> => {
    const ended = children.map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of children) child.kill('SIGINT');
    await Promise.all(ended);
  };
  const run = await measure(
    children.flatMap(({ pid }) => pid ?? []),
    stop,
    files,
  );
  for (const name of folders()) rmSync(path.join(folder, name), { recursive: true });
  return run;
}

/** In order of time. */
function videoFiles(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.mp4'))
      .map((name) => path.join(root, name))
      .filter((file) => statSync(file).size > 0)
      .sort();
  } catch {
    return [];
  }
}

const file = makeTestVideo(path.join(folder, 'camera.mp4'), {
  width: 1920,
  height: 1080,
  fps: 25,
  seconds: 20,
  kbps: 4_000,
  gop: 50,
});
const simulator = await Simulator.start(['-cameras', String(cameras), '-file', file, '-stamp']);
const runs: { ours: Run; peer: Run }[] = [];
try {
  for (let round_ = 0; round_ < rounds; round_ += 1) {
    runs.push({ ours: await ours(simulator, round_), peer: await ffmpeg(simulator, round_) });
  }
  const late = await simulator.late();
  const of = (pick: (run: { ours: Run; peer: Run }) => number): number => median(runs.map(pick));
  const figures = (side: (run: { ours: Run; peer: Run }) => Run) => ({
    cpuMsPerCameraSecond: round(of((run) => side(run).cpu)),
    residentMibPerCamera: round(of((run) => side(run).resident) / 2 ** 20),
    proportionalMibPerCamera: round(of((run) => side(run).proportional) / 2 ** 20),
  });
  const result = {
    bench: 'record',
    cameras,
    seconds,
    rounds,
    ours: figures((run) => run.ours),
    peer: { what: 'ffmpeg -c copy, one process a camera', ...figures((run) => run.peer) },
    ratio: {
      cpu: round(of((run) => run.ours.cpu / run.peer.cpu)),
      resident: round(
        of((run) => run.ours.resident / run.peer.resident),
        3,
      ),
      proportional: round(
        of((run) => run.ours.proportional / run.peer.proportional),
        3,
      ),
    },
    missingFrames: {
      ours: runs.reduce((sum, run) => sum + run.ours.missing, 0),
      peer: runs.reduce((sum, run) => sum + run.peer.missing, 0),
    },
    frames: runs.reduce((sum, run) => sum + run.ours.frames, 0),
    lateBySimulator: late,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
}

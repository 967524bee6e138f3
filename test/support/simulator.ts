import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

/**
 * The camera simulator, an independent RTSP server with faults on command and a checker of recordings:
 * `SIGHTMESH_TEST_RTSP_CAMERA` names its binary.
 */
export const SIMULATOR = [
  process.env['SIGHTMESH_TEST_RTSP_CAMERA'],
  path.join(os.tmpdir(), 'rtsp-camera'),
].find((file) => file !== undefined && file !== '' && existsSync(file));

export interface SimulatedStream {
  readonly camera: number;
  readonly stream: string;
  readonly path: string;
  readonly readers: number;
  readonly access_units: number;
  readonly access_units_sent: number;
  readonly access_units_late: number;
  /** RFC 3339 */
  readonly last_key_frame: string;
}

/** Several RTSP cameras on loopback in one process. */
export class Simulator {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #credentials: string;

  private constructor(child: ChildProcess, port: number, credentials: string) {
    this.#child = child;
    this.port = port;
    this.#credentials = credentials;
  }

  /** @throws Error when there is no simulator, or it does not start */
  static async start(args: readonly string[]): Promise<Simulator> {
    if (SIMULATOR === undefined) throw new Error('no camera simulator: set SIGHTMESH_TEST_RTSP_CAMERA');
    const port = await freePair();
    const listen = ['-listen', `127.0.0.1:${String(port)}`, '-control', `127.0.0.1:${String(port + 1)}`];
    const child = spawn(SIMULATOR, [...listen, '-udp', 'off', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)));
    }
    const value = (flag: string): string => args[args.indexOf(flag) + 1] ?? '';
    const credentials = args.includes('-user') ? `${value('-user')}:${value('-pass')}@` : '';
    const simulator = new Simulator(child, port, credentials);
    try {
      await until('the camera simulator', async () => {
        if (child.exitCode !== null) return false;
        return (await simulator.stats()).length > 0;
      });
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the camera simulator did not start: ${said}`, { cause: error });
    }
    return simulator;
  }

  /** With the credentials that it asks for. */
  url(name: string): string {
    return `rtsp://${this.#credentials}127.0.0.1:${String(this.port)}/${name}`;
  }

  async stats(): Promise<SimulatedStream[]> {
    const answer = await fetch(`http://127.0.0.1:${String(this.port + 1)}/stats`);
    return (await answer.json()) as SimulatedStream[];
  }

  /** Pictures that it could not send in time: then a recording cannot be blamed. */
  async late(): Promise<number> {
    return (await this.stats()).reduce((sum, stream) => sum + stream.access_units_late, 0);
  }

  /** `fault('cam0', 'freeze')`, `fault('*', 'drop?percent=5')`, `fault('cam0', 'resume')` */
  async fault(name: string, request: string): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${String(this.port + 1)}/${name}/${request}`, {
      method: 'POST',
    });
    if (!answer.ok) throw new Error(`${request}: ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(timer);
  }
}

/** The first of two free ports, below those that the system gives to clients. */
async function freePair(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 9_000) * 2;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export interface CheckedStream {
  readonly camera: number;
  readonly stream: string;
  readonly first: number;
  readonly last: number;
  readonly access_units: number;
  readonly missing: number;
  readonly duplicates: number;
  /** RFC 3339, of the newest picture. */
  readonly last_wall: string;
  readonly gaps: readonly { readonly missing: number; readonly seconds: number }[];
}

export interface Checked {
  readonly streams: readonly CheckedStream[];
  readonly missing: number;
  readonly duplicates: number;
  readonly frames: number;
  /** Files that could not be read to their end, and why. */
  readonly errors: readonly string[];
}

/** Which stamped pictures the files hold; files in order of time. */
export async function checkRecordings(files: readonly string[]): Promise<Checked> {
  if (SIMULATOR === undefined) throw new Error('no camera simulator: set SIGHTMESH_TEST_RTSP_CAMERA');
  const { stdout } = await promisify(execFile)(SIMULATOR, ['check', ...files], { maxBuffer: 2 ** 26 });
  const report = JSON.parse(stdout) as {
    streams: CheckedStream[] | null;
    files: { file: string; error?: string }[] | null;
  };
  const streams = report.streams ?? [];
  const sum = (pick: (stream: CheckedStream) => number): number =>
    streams.reduce((total, stream) => total + pick(stream), 0);
  return {
    streams,
    missing: sum(({ missing }) => missing),
    duplicates: sum(({ duplicates }) => duplicates),
    frames: sum((stream) => stream.access_units),
    errors: (report.files ?? []).flatMap(({ file, error }) =>
      error === undefined ? [] : [`${file}: ${error}`],
    ),
  };
}

export interface TestVideo {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly seconds: number;
  readonly kbps: number;
  /** Frames. */
  readonly gop: number;
  readonly codec?: 'libx264' | 'libx265';
}

/** A moving picture made by the ffmpeg command. Returns the file. */
export function makeTestVideo(file: string, video: TestVideo): string {
  const { width, height, fps, seconds, kbps, gop, codec = 'libx264' } = video;
  const rate = `${String(kbps)}k`;
  const done = spawnSync('ffmpeg', [
    ...[
      '-y',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=${String(width)}x${String(height)}:rate=${String(fps)}`,
    ],
    ...[
      '-t',
      String(seconds),
      '-vf',
      'noise=alls=12:allf=t',
      '-pix_fmt',
      'yuv420p',
      '-c:v',
      codec,
      '-preset',
      'ultrafast',
      '-bf',
      '0',
    ],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0'],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, file],
  ]);
  if (done.status !== 0) throw new Error(`ffmpeg failed: ${String(done.stderr)}`);
  return file;
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const WITHIN_MS = 90_000;

let data: string;
let environment: NodeJS.ProcessEnv;
let npm: ChildProcess;
let out = '';
let err = '';

beforeAll(async () => {
  data = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-command-'));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTMESH_'));
  environment = {
    ...Object.fromEntries(inherited),
    SIGHTMESH_DATA: data,
    SIGHTMESH_HTTP_HOST: '127.0.0.1',
    SIGHTMESH_HTTP_PORT: '0',
    SIGHTMESH_WEBRTC_PORT: '0',
    SIGHTMESH_NODE_ID: 'by-command',
    SIGHTMESH_DEMO: 'on',
  };
  npm = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  npm.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  npm.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  await until('the ready line', () => out.includes('\n'), { deadlineMs: WITHIN_MS });
});

afterAll(() => {
  npm.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** Runs `sightmesh` as `npx sightmesh` does. */
function sightmesh(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync('node', [path.join(ROOT, 'scripts/sightmesh.mjs'), ...args], {
    cwd: data,
    env: environment,
    encoding: 'utf8',
    timeout: WITHIN_MS,
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe('npm start', () => {
  it('writes one JSON line to stdout, the log to stderr, and the first password once', () => {
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ ready: true, node: 'by-command', rtsp: null });
    expect(err.match(/^\s+password\s+\S+$/gm)).toHaveLength(1);
  });

  it('serves the built console', async () => {
    const { http } = JSON.parse(out) as { http: string };
    const answer = await fetch(http);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<!doctype html>');
  });
});

describe('npx sightmesh beside the running node', () => {
  it('calls an actor by repl', async () => {
    await until('a demo camera', () => sightmesh('repl', '-c', 'services').out.includes('camera.demo-gate'), {
      deadlineMs: WITHIN_MS,
    });
    const { code, out: answer } = sightmesh('repl', '-c', 'call camera.demo-gate.status');
    expect(code).toBe(0);
    expect(answer).toContain('streams:');
    expect(sightmesh('repl', '-c', 'call camera.nobody.status').code).toBe(1);
  });

  it('lets the doctor find the ports in use by the node, and nothing missing', () => {
    const { code, out: answer } = sightmesh('doctor', '--json');
    const { ok, checks } = JSON.parse(answer) as { ok: boolean; checks: { name: string; status: string }[] };
    expect(checks.filter(({ status }) => status === 'missing')).toEqual([]);
    expect(ok).toBe(true);
    expect(code).toBe(0);
  });

  it('refuses a second node on the same data folder', () => {
    const { code, err: why } = sightmesh('start');
    expect(code).toBe(1);
    expect(why).toContain('another node');
    expect(why).not.toMatch(/^\s+at /m);
  });
});

describe('stopping', () => {
  it('reaches the node through npm, ends with 0 and frees the data folder', async () => {
    const pid = Number.parseInt(readFileSync(path.join(data, 'run/node.pid'), 'utf8'), 10);
    const closed = once(npm, 'close');
    npm.kill('SIGTERM');
    expect((await closed)[0]).toBe(0);
    expect(existsSync(path.join('/proc', String(pid)))).toBe(false);
    expect(existsSync(path.join(data, 'run/node.pid'))).toBe(false);
    expect(existsSync(path.join(data, 'run/repl.sock'))).toBe(false);
    const { code, err: why } = sightmesh('repl', '-c', 'nodes');
    expect(code).toBe(1);
    expect(why).toContain('no node runs with the data folder');
  });
});

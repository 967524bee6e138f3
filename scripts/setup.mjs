// Prepares a checkout: packages, the runtime (Node 24 from npm). Runs on whatever Node the machine has (20 or later).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'node_modules', '.bin');
export const node24 = path.join(bin, 'node');

export const say = (text) => process.stderr.write(`sightmesh: ${text}\n`);

/** The environment of everything that runs on Node 24. A blocking read of a source worker holds one thread of libuv's. */
export const environment = () => ({
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
  UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '32',
});

export function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment(),
    ...options,
  });
  if (done.error) throw done.error;
  return done.status ?? 1;
}

/** Runs a long step with a line before and after it; ends the program with a sentence when it fails. */
export function mustRun(what, command, args) {
  const started = Date.now();
  say(`${what} …`);
  const status = run(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say(`${what} failed (${command} ${args.join(' ')} ended with ${status}). Its own output is above.`);
    process.exit(1);
  }
  say(`${what}: done in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Of the names and contents of files of this repository. */
export const hashOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
};

/** Installs what package-lock.json names, once per change of it. */
export function ensureInstalled() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) {
    say(`Node ${process.versions.node} is too old to set up with; install Node 20 or later.`);
    process.exit(1);
  }
  const stamp = path.join(root, 'node_modules', '.sightmesh-setup');
  const wanted = hashOf('package-lock.json', '.npmrc');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node24)) return;
  mustRun('installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  mustRun('getting the runtime, Node 24', 'npm', [
    'rebuild',
    'node',
    '--ignore-scripts=false',
    '--loglevel=error',
  ]);
  writeFileSync(stamp, wanted);
}

/** Replaces this process by Node 24 running `args`, relative to the repository; where it cannot, stands in front of it. */
export function becomeNode24(args, { cwd = root } = {}) {
  const [file, ...rest] = args;
  const argv = ['--disable-warning=ExperimentalWarning', path.join(root, file), ...rest];
  process.chdir(cwd);
  if (typeof process.execve === 'function') process.execve(node24, ['node', ...argv], environment());
  const child = spawn(node24, argv, { stdio: 'inherit', env: environment() });
  // From the terminal, SIGINT reaches the child by itself.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.once('error', (error) => {
    say(`Node 24 does not start: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
}

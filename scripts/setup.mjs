// Prepares a checkout: packages, the runtime (Node 24 from npm). Runs on whatever Node the machine has (20 or later).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'node_modules', '.bin');
export const node24 = path.join(bin, 'node');

export const say = (text) => process.stderr.write(`sightmesh: ${text}\n`);

/** The environment of everything that runs on Node 24. */
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

function mustRun(what, command, args) {
  const started = Date.now();
  say(`${what} …`);
  const status = run(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say(`${what} failed (${command} ${args.join(' ')} ended with ${status}). Its own output is above.`);
    process.exit(1);
  }
  say(`${what}: done in ${Math.round((Date.now() - started) / 1000)} s`);
}

const hashOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(path.join(root, file)));
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

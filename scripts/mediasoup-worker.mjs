// Gets the mediasoup worker: the one that is there, mediasoup's prebuilt one, or one built here from the sources in
// the npm package with Debian's libraries (some minutes, no root needed). Kept outside the checkout.
//   node scripts/mediasoup-worker.mjs  [--check]      prints the path; exit code 1 and the reason when there is none
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWorker } from './mediasoup-worker-build.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const packageFolder = path.join(root, 'node_modules', 'mediasoup');

const versionOf = () => JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')).version;

/** Where built and downloaded workers stay. */
export const cacheFolder = () =>
  path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'sightmesh');

const cachedWorker = () => path.join(cacheFolder(), `mediasoup-worker-${versionOf()}`);

/** A worker that starts without MEDIASOUP_VERSION leaves with 41: then it and its libraries fit this machine. */
export function workerRuns(file) {
  if (!existsSync(file)) return false;
  return spawnSync(file, [], { stdio: 'ignore', env: {}, timeout: 10_000 }).status === 41;
}

/** Where mediasoup looks for its worker. */
const placedWorker = () => path.join(packageFolder, 'worker', 'out', 'Release', 'mediasoup-worker');

/** The path of a worker that runs here, or undefined. Starts nothing else. */
export function findMediasoupWorker() {
  const named = process.env.MEDIASOUP_WORKER_BIN;
  return [named, placedWorker(), cachedWorker()].find((file) => file && workerRuns(file));
}

/** Puts the worker where mediasoup looks for it; the environment names it where the packages cannot be written. */
export function placeMediasoupWorker(file) {
  const placed = placedWorker();
  if (file === placed || file === process.env.MEDIASOUP_WORKER_BIN) return;
  try {
    mkdirSync(path.dirname(placed), { recursive: true });
    rmSync(placed, { force: true });
    symlinkSync(file, placed);
  } catch {
    process.env.MEDIASOUP_WORKER_BIN = file;
  }
}

async function download(say) {
  const kernel = os.platform() === 'linux' ? `-kernel${os.release().split('.')[0]}` : '';
  const name = `mediasoup-worker-${versionOf()}-${os.platform()}-${os.arch()}${kernel}.tgz`;
  const base =
    process.env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL ||
    'https://github.com/versatica/mediasoup/releases/download';
  const answer = await fetch(`${base}/${versionOf()}/${name}`, {
    signal: globalThis.AbortSignal.timeout(20_000),
  });
  if (!answer.ok) throw new Error(`${base} answered ${answer.status}`);
  const folder = mkdtempSync(path.join(cacheFolder(), 'download-'));
  try {
    const unpacked = spawnSync('tar', ['xzf', '-', '-C', folder], {
      input: Buffer.from(await answer.arrayBuffer()),
    });
    const file = path.join(folder, 'mediasoup-worker');
    if (unpacked.status !== 0 || !workerRuns(file)) throw new Error('it does not run on this machine');
    keep(file);
    say('WebRTC worker: downloaded');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Into the cache in one step, so that nobody ever starts half a file. */
function keep(file) {
  const beside = `${cachedWorker()}.${process.pid}`;
  copyFileSync(file, beside);
  renameSync(beside, cachedWorker());
}

/** A build that failed is not tried again on each start, but after a change of the recipe or a day. */
const failureFile = () => path.join(cacheFolder(), `mediasoup-worker-${versionOf()}.failed`);
const DAY_MS = 86_400_000;

function recipe() {
  const hash = createHash('sha256');
  for (const name of ['mediasoup-worker.mjs', 'mediasoup-worker-build.mjs']) {
    hash.update(readFileSync(path.join(root, 'scripts', name)));
  }
  return hash.digest('hex');
}

function earlierFailure() {
  const file = failureFile();
  if (!existsSync(file) || Date.now() - statSync(file).mtimeMs > DAY_MS) return undefined;
  const { recipe: tried, reason } = JSON.parse(readFileSync(file, 'utf8'));
  return tried === recipe() ? reason : undefined;
}

async function build(say) {
  const started = Date.now();
  say('building the WebRTC worker, once; this takes some minutes …');
  const libraries = `mediasoup-worker-${versionOf()}.lib`;
  keep(await buildWorker({ packageFolder, cacheFolder: cacheFolder(), libraries, say }));
  if (!workerRuns(cachedWorker()))
    throw new Error('the built worker does not run (libnss3 and libnspr4 are needed)');
  say(`building the WebRTC worker: done in ${Math.round((Date.now() - started) / 1000)} s`);
}

/**
 * Finds, downloads or builds the worker.
 * Resolves to {file} or, when this machine cannot have one, to {reason}: then WebRTC is off and MSE serves.
 */
export async function ensureMediasoupWorker(say, { again = false } = {}) {
  const found = findMediasoupWorker();
  if (found) return { file: found };
  const failed = again ? undefined : earlierFailure();
  if (failed) return { reason: `${failed} (\`node scripts/mediasoup-worker.mjs\` tries again)` };
  mkdirSync(cacheFolder(), { recursive: true });
  const reasons = [];
  try {
    await download(say);
    return { file: cachedWorker() };
  } catch (error) {
    reasons.push(`no prebuilt worker: ${error.cause?.code ?? error.message}`);
  }
  try {
    await build(say);
    return { file: cachedWorker() };
  } catch (error) {
    reasons.push(`it could not be built: ${error.message}`);
    const reason = reasons.join('; ');
    writeFileSync(failureFile(), JSON.stringify({ recipe: recipe(), reason }));
    return { reason };
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (text) => process.stderr.write(`sightmesh: ${text}\n`);
  const file = findMediasoupWorker();
  const result =
    process.argv.includes('--check') || file
      ? { file, reason: earlierFailure() ?? 'there is none yet' }
      : await ensureMediasoupWorker(say, { again: true });
  if (result.file) process.stdout.write(`${result.file}\n`);
  else {
    say(`WebRTC is off: ${result.reason}. Live pictures come by MSE.`);
    process.exitCode = 1;
  }
}

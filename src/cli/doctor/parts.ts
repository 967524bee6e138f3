import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { version as mediasoupVersion, workerBin } from 'mediasoup';
import { builtWebRtcWorker, childEnvironment } from '../../../config/environment.ts';
import { DEFAULT_MODEL, openModel } from '../../inference/models/manifest.ts';
import { type Check, type CheckResult, missing, ok, warning } from './check.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** How mediasoup's worker leaves when it was started by hand: then it and its libraries fit this machine. */
const WORKER_STARTED = 41;

/** What setting up puts in place. */
export function partChecks(): Check[] {
  return [
    {
      name: 'media library',
      run: () => loads('node-av', 'Reading odd cameras, analysis and pictures need it'),
    },
    { name: 'passwords', run: () => loads('argon2', 'Logging in needs it') },
    { name: 'webrtc worker', run: webrtcWorker },
    { name: 'model', run: model },
    { name: 'console', run: consoleFiles },
  ];
}

/** In a process of its own: a native part that does not fit may crash. */
function loads(name: string, why: string): CheckResult {
  const tried = spawnSync(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], {
    cwd: ROOT,
    env: childEnvironment(),
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (tried.status === 0) return ok(`${name} loads`);
  const error =
    tried.stderr.split('\n').find((line) => /Error/.test(line)) ?? tried.signal ?? 'no reason given';
  return missing(
    `${name} does not load: ${error.trim()}. ${why}`,
    'npm ci, on a system with glibc for x64 or arm64',
  );
}

function webrtcWorker(): CheckResult {
  const fix =
    'node scripts/mediasoup-worker.mjs (downloads it, or builds it in some minutes and says what it needs)';
  const file = builtWebRtcWorker(mediasoupVersion) ?? workerBin;
  if (!existsSync(file)) return warning('there is no WebRTC worker: live pictures come by MSE', fix);
  const tried = spawnSync(file, [], { env: {}, stdio: 'ignore', timeout: 10_000 });
  return tried.status === WORKER_STARTED
    ? ok('the WebRTC worker runs')
    : warning(`the WebRTC worker does not run here (${file}): live pictures come by MSE`, fix);
}

async function model(): Promise<CheckResult> {
  const require = createRequire(import.meta.url);
  const folder = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  if (!existsSync(path.join(folder, 'tfjs-backend-wasm-simd.wasm')))
    return missing('TensorFlow.js has no WebAssembly beside it', 'npm ci');
  const opened = await openModel(DEFAULT_MODEL);
  for (const file of Object.keys(opened.manifest.sha256)) await opened.read(file);
  return ok(`the model ${opened.manifest.id} is whole`);
}

function consoleFiles(): CheckResult {
  return existsSync(path.join(ROOT, 'web/dist/index.html'))
    ? ok('the console is built')
    : warning('the console is not built: only the API is served', 'npm start builds it');
}

// Everything that a node needs: packages, the console, built once per change of it, and the WebRTC worker.
//   node scripts/prepare.mjs      for images and build machines; npm start does it by itself
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureMediasoupWorker, placeMediasoupWorker } from './mediasoup-worker.mjs';
import { ensureInstalled, hashOf, mustRun, node24, root, say } from './setup.mjs';

/** The console's sources: what vite reads, as far as it is in this repository. */
function consoleSources() {
  const web = path.join(root, 'web');
  return readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/^web\/(dist|node_modules|test)\//.test(file))
    .sort();
}

export function ensureConsole() {
  const dist = path.join(root, 'web', 'dist');
  const stamp = path.join(dist, '.built-from');
  const wanted = hashOf('package-lock.json', ...consoleSources());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  mustRun('building the console', node24, [
    path.join(root, 'node_modules/vite/bin/vite.js'),
    'build',
    'web',
    '--logLevel=warn',
  ]);
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Installs, builds, and says what this machine cannot have. A second call takes no time. */
export async function prepare() {
  ensureInstalled();
  ensureConsole();
  const worker = await ensureMediasoupWorker(say);
  if (worker.file) placeMediasoupWorker(worker.file);
  else say(`WebRTC is off: ${worker.reason}. Live pictures come by MSE. \`npx sightmesh doctor\` says more.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();

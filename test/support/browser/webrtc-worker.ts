import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from 'mediasoup';
import { builtWebRtcWorker } from '../../../config/environment.ts';

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const places = [
  process.env['MEDIASOUP_WORKER_BIN'],
  builtWebRtcWorker(version),
  path.join(modules, 'mediasoup/worker/out/Release/mediasoup-worker'),
];

/** The mediasoup worker of this machine; tests that need one skip by name without it. */
export const webRtcWorkerBin = places.find((file) => file !== undefined && existsSync(file));

import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What child processes inherit: all but our own variables, which may hold secrets that they have no use for. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTMESH_')));
}

/** Where the set-up keeps what it built or fetched for all checkouts of a user. */
export const toolFolder = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'sightmesh');

/** The WebRTC worker that the set-up built; undefined leaves the choice to mediasoup. */
export function builtWebRtcWorker(version: string): string | undefined {
  if (process.env['MEDIASOUP_WORKER_BIN']) return undefined;
  const file = path.join(toolFolder(), `mediasoup-worker-${version}`);
  return existsSync(file) ? file : undefined;
}

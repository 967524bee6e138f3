import { existsSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { ConfigError, loadConfig, type LoadedConfig } from '../../config/load.ts';
import { DataFolderError } from '../actors/node/data-folder.ts';
import { type RunningNode, startNode } from '../actors/node/start-node.ts';
import { StartError } from '../mixins/service.ts';
import { CommandError } from './command.ts';
import { version } from './version.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** A node that does not stop in time is ended. Milliseconds. */
const STOP_MS = 20_000;

/**
 * Media lives in buffers outside of the heap. V8 collects all of the heap for each 64 MB of them, which is once a second
 * with 30 cameras; counted together with the heap they cost a quarter less CPU.
 */
const COUNT_BUFFERS_WITH_HEAP = '--external-memory-accounted-in-global-limit';

/** `sightmesh start`: one node until it is told to stop. A second signal ends it at once. */
export async function start(): Promise<void> {
  setFlagsFromString(COUNT_BUFFERS_WITH_HEAP);
  const loaded = load();
  const signal = firstSignal();
  const node = await begin(loaded);
  process.on('uncaughtException', (err) => {
    node.log.fatal({ err }, 'an error that nobody expected; the node stops');
    process.exitCode = 1;
    void end(node);
  });
  process.on('unhandledRejection', (err) => {
    node.log.error({ err }, 'a failure that nobody handled');
  });
  process.stdout.write(`${JSON.stringify({ ready: true, ...node.addresses })}\n`);
  if (node.adminPassword !== null) tellPassword(node.adminPassword, node.addresses.http);
  node.log.info({ signal: await signal }, 'the node stops');
  await end(node);
}

function load(): LoadedConfig {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message);
    throw error;
  }
}

async function begin(loaded: LoadedConfig): Promise<RunningNode> {
  const folder = path.join(ROOT, 'web/dist');
  try {
    return await startNode({
      ...loaded,
      version: version(),
      consoleFolder: existsSync(path.join(folder, 'index.html')) ? folder : null,
    });
  } catch (error) {
    if (error instanceof DataFolderError || error instanceof StartError)
      throw new CommandError(error.message);
    throw error;
  }
}

/** Resolves with the first signal to stop; the second one ends the process. */
function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let first = true;
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (!first) process.exit(1);
        first = false;
        resolve(name);
      });
    }
  });
}

async function end(node: RunningNode): Promise<void> {
  setTimeout(() => process.exit(1), STOP_MS).unref();
  await node.stop();
  process.exit();
}

/** Not into the log, which is kept and sent elsewhere. */
function tellPassword(password: string, http: string | null): void {
  const line = '-'.repeat(72);
  process.stderr.write(
    `\n${line}\n  First login${http === null ? '' : ` at ${http}`}\n    user      admin\n    password  ${password}\n` +
      `  It is shown this once. SIGHTMESH_ADMIN_PASSWORD sets another one.\n${line}\n\n`,
  );
}

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../../archive/files.ts';

/** The data folder cannot be used; the message says what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

export interface DataFolder {
  readonly path: string;
  readonly catalog: string;
  readonly journal: string;
  readonly archive: string;
  readonly keys: string;
  readonly exports: string;
  readonly cache: string;
  readonly run: string;
  /** Lets the next node have the folder. Idempotent. */
  release(): Promise<void>;
}

/**
 * Makes the folder and takes it for this process: two nodes over one catalog would tear it apart.
 * @throws DataFolderError
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const inside = (name: string): string => path.join(folder, name);
  try {
    for (const name of ['', 'journal', 'keys', 'cache', 'run']) {
      await mkdir(inside(name), { recursive: true, mode: 0o750 });
    }
  } catch (error) {
    throw new DataFolderError(`the data folder ${folder} cannot be made: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const lock = inside('run/node.pid');
  await takeLock(lock, folder);
  return {
    path: folder,
    catalog: inside('catalog.db'),
    journal: inside('journal'),
    archive: inside('archive'),
    keys: inside('keys'),
    exports: inside('exports'),
    cache: inside('cache'),
    run: inside('run'),
    release: () => rm(lock, { force: true }),
  };
}

async function takeLock(lock: string, folder: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const handle = await open(lock, 'wx', 0o640);
      await handle.writeFile(await signOf(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST') || attempt > 2) {
        throw new DataFolderError(`the data folder ${folder} cannot be written: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    const sign = await readFile(lock, 'utf8').catch(() => '');
    const pid = Number.parseInt(sign, 10);
    if (pid > 0 && pid !== process.pid && isAlive(pid) && (await signOf(pid)) === sign) {
      throw new DataFolderError(
        `another node (process ${pid}) uses the data folder ${folder}: stop it, or name another folder in SIGHTMESH_DATA`,
      );
    }
    await rm(lock, { force: true });
  }
}

/** A process number and when that process began, since numbers are used again. */
async function signOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${began}\n`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

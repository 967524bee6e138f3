import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';

const external = process.env['SIGHTMESH_TEST_MONGO_URL'];

/** The connection string of a real server that tests may make databases on. */
export const REAL_MONGO = external === undefined || external === '' ? undefined : external;

/** Folder of the stand-in; undefined where `node scripts/mongo-test-server.mjs` was not run. */
export const MONGO_TEST_SERVER = builtServer();

function builtServer(): string | undefined {
  const script = fileURLToPath(new URL('../../../scripts/mongo-test-server.mjs', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  return stdout.trim() === '' ? undefined : stdout.trim();
}

const START_MS = 60_000;

/** A stand-in for MongoDB in a process of its own, which can be killed and started again on the same files and port. */
export class MongoTestServer {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws Error when it was not built, or does not start. */
  static async start(): Promise<MongoTestServer> {
    const server = new MongoTestServer(await mkdtemp(path.join(os.tmpdir(), 'mongo-')));
    await server.restart();
    return server;
  }

  /** Of a database, `sightmesh` when none is named. */
  url(database = ''): string {
    return `mongodb://127.0.0.1:${String(this.#port)}/${database}?directConnection=true`;
  }

  /** After `kill` or `stop`: the same files, the same port. */
  async restart(): Promise<void> {
    if (MONGO_TEST_SERVER === undefined) throw new Error('run `node scripts/mongo-test-server.mjs` first');
    const classes = `${MONGO_TEST_SERVER}/*:${MONGO_TEST_SERVER}`;
    const args = ['-Xmx512m', '-cp', classes, 'MongoTestServer', String(this.#port)];
    const child = spawn('java', [...args, path.join(this.#folder, 'data')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#port = await portOf(child);
  }

  /** By SIGKILL. What it acknowledged is there again after `restart`. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Takes connections and answers nothing, until it goes on. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Kills it and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The port that the server says it listens on. */
async function portOf(child: ChildProcess): Promise<number> {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`the MongoDB test server ${why}: ${said}`));
    };
    const timer = setTimeout(fail, START_MS, 'did not start in time');
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => fail('ended'));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-2_000);
        const port = /ready (\d+)/.exec(said)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve(Number(port));
      });
    }
  });
}

/** Databases of one test file, on the real server where one is named, else on a stand-in. */
export class TestDatabases {
  readonly #server: MongoTestServer | undefined;
  readonly #names: string[] = [];

  private constructor(server: MongoTestServer | undefined) {
    this.#server = server;
  }

  static async open(): Promise<TestDatabases> {
    return new TestDatabases(REAL_MONGO === undefined ? await MongoTestServer.start() : undefined);
  }

  /** The server's address, whatever database it names. */
  get url(): string {
    return REAL_MONGO ?? this.#server?.url() ?? '';
  }

  /** A name that nobody else uses. */
  name(): string {
    const name = `sightmesh_test_${randomUUID().slice(0, 8)}`;
    this.#names.push(name);
    return name;
  }

  /** Removes what was made. */
  async close(): Promise<void> {
    if (this.#server !== undefined) {
      await this.#server.stop();
      return;
    }
    const client = new MongoClient(this.url);
    for (const name of this.#names) await client.db(name).dropDatabase();
    await client.close();
  }
}

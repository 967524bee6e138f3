import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { connect } from 'nats';
import { until } from '../until.ts';

const VERSION = 'v2.12.1';
const CACHE = path.join(os.homedir(), '.cache/sightmesh');

/**
 * A nats-server that knows JetStream: `SIGHTMESH_TEST_NATS_SERVER`, or one built once by Go into `~/.cache/sightmesh`.
 * Undefined where there is neither.
 */
export const NATS_SERVER = found();

function found(): string | undefined {
  const named = process.env['SIGHTMESH_TEST_NATS_SERVER'];
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  const cached = path.join(CACHE, `nats-server-${VERSION}`);
  if (existsSync(cached)) return cached;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, 'build-'));
  try {
    execFileSync('go', ['install', `github.com/nats-io/nats-server/v2@${VERSION}`], {
      env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
      stdio: 'ignore',
    });
    renameSync(path.join(folder, 'nats-server'), cached);
    return cached;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface NatsServerOptions {
  /** Further lines of the configuration. */
  readonly config?: string;
  readonly jetStream?: boolean;
}

/** One nats-server on loopback, with its own folder and ports, that can be killed and started again. */
export class NatsServer {
  readonly name: string;
  readonly port: number;
  readonly clusterPort: number;
  readonly #folder: string;
  readonly #options: NatsServerOptions & { readonly routes?: readonly number[] };
  #child: ChildProcess | undefined;

  constructor(
    name: string,
    ports: readonly [number, number],
    options: NatsServerOptions & { readonly routes?: readonly number[] },
  ) {
    this.name = name;
    [this.port, this.clusterPort] = ports;
    this.#options = options;
    this.#folder = mkdtempSync(path.join(os.tmpdir(), 'nats-'));
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.port)}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<this> {
    if (NATS_SERVER === undefined) throw new Error('no nats-server: set SIGHTMESH_TEST_NATS_SERVER');
    const { config = '', jetStream = true, routes } = this.#options;
    const file = path.join(this.#folder, 'nats.conf');
    const lines = [
      `server_name: ${this.name}`,
      `listen: 127.0.0.1:${String(this.port)}`,
      ...(jetStream ? [`jetstream { store_dir: "${this.#folder}/store", sync_interval: always }`] : []),
      ...(routes === undefined
        ? []
        : [
            `cluster { name: test, listen: 127.0.0.1:${String(this.clusterPort)}, routes: [${routes
              .map((port) => `nats://127.0.0.1:${String(port)}`)
              .join(', ')}] }`,
          ]),
      config,
    ];
    writeFileSync(file, lines.join('\n'));
    const child = spawn(NATS_SERVER, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
    await until(`nats-server ${this.name}`, () => {
      if (child.exitCode !== null) throw new Error(`nats-server ended: ${said}`);
      return said.includes('Server is ready');
    });
    return this;
  }

  /** As by `kill -9`. Its folder stays for the next start. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A server alone. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  return new NatsServer('alone', [await freePort(), 0], options).start();
}

/** Three servers with JetStream, elected and ready. */
export async function startNatsCluster(options: NatsServerOptions = {}): Promise<NatsServer[]> {
  const ports = await Promise.all(Array.from({ length: 6 }, freePort));
  const routes = ports.slice(3);
  const servers = [0, 1, 2].map(
    (index) =>
      new NatsServer(`n${String(index)}`, [ports[index] ?? 0, routes[index] ?? 0], { ...options, routes }),
  );
  await Promise.all(servers.map((server) => server.start()));
  const connection = await connect({ servers: servers.map(({ url }) => url) });
  try {
    await until('the leader of JetStream', async () => {
      const manager = await connection.jetstreamManager({ timeout: 2_000 });
      await manager.streams.add({ name: 'probe', subjects: ['probe'], num_replicas: 3 });
      return manager.streams.delete('probe');
    });
  } finally {
    await connection.close();
  }
  return servers;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../until.ts';

/** The Redis of this machine; undefined when there is none. `SIGHTMESH_TEST_REDIS_SERVER` names another one. */
export const REDIS_SERVER: string | undefined = [
  process.env['SIGHTMESH_TEST_REDIS_SERVER'],
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
].find((file) => file !== undefined && existsSync(file));

/** A Redis of our own on a free port of the loopback that writes every change to disk. */
export class Redis {
  readonly #folder: string;
  readonly #port: number;
  readonly #password: string | undefined;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, password: string | undefined) {
    this.#folder = folder;
    this.#port = port;
    this.#password = password;
  }

  static async start({ password }: { password?: string } = {}): Promise<Redis> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'redis-'));
    const redis = new Redis(folder, await freePort(), password);
    await redis.up();
    return redis;
  }

  get url(): string {
    return `redis://${this.#password === undefined ? '' : `:${this.#password}@`}127.0.0.1:${String(this.#port)}`;
  }

  async up(): Promise<void> {
    if (REDIS_SERVER === undefined) throw new Error('there is no redis-server');
    const where = ['--bind', '127.0.0.1', '--port', String(this.#port), '--dir', this.#folder];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const secret = this.#password === undefined ? [] : ['--requirepass', this.#password];
    this.#process = spawn(REDIS_SERVER, [...where, ...durable, ...secret], { stdio: 'ignore' });
    await until('Redis to listen', () => canConnect(this.#port));
  }

  /** As by a crash. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

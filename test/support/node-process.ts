import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Api } from './api.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const ADMIN_PASSWORD = 'correct horse battery';

export interface ReadyLine {
  readonly ready: true;
  readonly node: string;
  readonly http: string;
  readonly webrtc: string | null;
}

export interface NodeOptions {
  /** Kept over restarts; a temporary one when absent. */
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** A real node in a process of its own, on free ports. */
export class NodeProcess {
  readonly data: string;
  readonly #options: NodeOptions;
  readonly #ownData: boolean;
  #child: ChildProcess | undefined;
  #exit: Promise<number | null> = Promise.resolve(null);
  ready: ReadyLine | undefined;
  stderr = '';

  constructor(options: NodeOptions = {}) {
    this.#options = options;
    this.#ownData = options.data === undefined;
    this.data = options.data ?? mkdtempSync(path.join(os.tmpdir(), 'sightmesh-node-'));
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the node does not run');
    return pid;
  }

  get http(): string {
    if (this.ready === undefined) throw new Error('the node is not ready');
    return this.ready.http;
  }

  /** Resolves with the ready line. @throws Error with what it wrote, when it ends or is late */
  async start(more: Readonly<Record<string, string>> = {}): Promise<ReadyLine> {
    this.ready = undefined;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'src/cli/main.ts'), 'start'],
      {
        cwd: this.data,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'],
          UV_THREADPOOL_SIZE: '16',
          SIGHTMESH_DATA: this.data,
          SIGHTMESH_NODE_ID: 'test-node',
          SIGHTMESH_HTTP_HOST: '127.0.0.1',
          SIGHTMESH_HTTP_PORT: '0',
          SIGHTMESH_WEBRTC_PORT: '0',
          SIGHTMESH_ADVERTISE: '127.0.0.1',
          SIGHTMESH_DEMO: 'off',
          SIGHTMESH_ADMIN_PASSWORD: ADMIN_PASSWORD,
          ...this.#options.env,
          ...more,
        },
      },
    );
    this.#child = child;
    this.#exit = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-200_000);
    });
    this.ready = await this.#readyLine(child);
    return this.ready;
  }

  /** A client of the API, logged in as admin. */
  api(): Promise<Api> {
    return new Api(this.http).login(ADMIN_PASSWORD);
  }

  /** The exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child?.kill(signal);
    const code = await this.#exit;
    this.#child = undefined;
    return code;
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    if (this.#child !== undefined) await this.stop('SIGKILL');
    if (this.#ownData) rmSync(this.data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #readyLine(child: ChildProcess): Promise<ReadyLine> {
    return new Promise((resolve, reject) => {
      let text = '';
      const fail = (why: string): void => {
        reject(new Error(`the node is not ready: ${why}\n${this.stderr.slice(-4_000)}`));
      };
      const timer = setTimeout(() => fail('too late'), this.#options.deadlineMs ?? 60_000);
      child.once('close', (code) => fail(`it ended with ${String(code)}`));
      child.stdout?.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const line = text.split('\n').find((candidate) => candidate.includes('"ready":true'));
        if (line === undefined || !text.includes('\n')) return;
        clearTimeout(timer);
        resolve(JSON.parse(line) as ReadyLine);
      });
    });
  }
}

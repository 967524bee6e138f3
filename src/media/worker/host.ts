import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import os from 'node:os';
import { childEnvironment } from '../../../config/environment.ts';
import { encodeHeader, FrameReader, type WorkerMessage } from './protocol.ts';

export interface WorkerHostOptions {
  /** Absolute path of a `*.worker.ts`. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Added to niceness; 0 leaves the priority alone. */
  readonly nice?: number;
  /** Bytes that may wait for the child; more are refused by `send`. */
  readonly maxQueuedBytes?: number;
  readonly execArgv?: readonly string[];
}

interface WorkerHostEvents {
  message: [message: WorkerMessage, payload: Buffer];
  /** Once, however the child ended. `expected` after `close()`. */
  exit: [info: { code: number | null; signal: NodeJS.Signals | null; expected: boolean; stderr: string }];
}

const KILL_AFTER_MS = 2_000;
const STDERR_KEPT = 4_000;

/**
 * One child process and its framed conversation. It is disposable: it never restarts itself, its owner makes
 * another one. A child that answers with a broken frame is killed.
 */
export class WorkerHost extends EventEmitter<WorkerHostEvents> {
  readonly #child: ChildProcess;
  readonly #maxQueued: number;
  #closing = false;
  #exited = false;
  #stderr = '';
  /** Messages refused because the child was behind. */
  refused = 0;

  constructor(options: WorkerHostOptions) {
    super();
    this.#maxQueued = options.maxQueuedBytes ?? 16 * 1024 * 1024;
    this.#child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...(options.execArgv ?? []),
        options.entry,
        ...(options.args ?? []),
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], env: childEnvironment() },
    );
    this.#wire();
    if (options.nice !== undefined && options.nice > 0 && this.#child.pid !== undefined) {
      try {
        os.setPriority(this.#child.pid, options.nice);
      } catch {
        // The child is gone already, or the system does not allow it: the exit event or plain priority follows.
      }
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return !this.#exited && !this.#closing;
  }

  /** False when the child is gone or too far behind; the message is then dropped and counted. */
  send(message: WorkerMessage, payload?: Buffer): boolean {
    const stdin = this.#child.stdin;
    if (!this.alive || stdin === null || stdin.destroyed) return false;
    if (stdin.writableLength > this.#maxQueued) {
      this.refused += 1;
      return false;
    }
    const head = encodeHeader(message, payload?.length ?? 0);
    if (payload === undefined || payload.length === 0) {
      stdin.write(head);
    } else {
      stdin.cork();
      stdin.write(head);
      stdin.write(payload);
      stdin.uncork();
    }
    return true;
  }

  /** Bytes that wait for the child. */
  get queuedBytes(): number {
    return this.#child.stdin?.writableLength ?? 0;
  }

  /** Idempotent. Ends the child's input, kills it when it is still there after 2 s. */
  close(): void {
    if (this.#closing || this.#exited) return;
    this.#closing = true;
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    timer.unref();
    this.#child.once('exit', () => {
      clearTimeout(timer);
    });
  }

  /** Ends the child at once, for one that hangs. The exit event follows and is not `expected`. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #wire(): void {
    const reader = new FrameReader((message, payload) => this.emit('message', message, payload));
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#stderr += `\n${String(error)}`;
        this.#child.kill('SIGKILL');
      }
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('error', (error) => {
      this.#finish(null, null, String(error));
    });
    this.#child.once('close', (code, signal) => {
      this.#finish(code, signal, '');
    });
  }

  #finish(code: number | null, signal: NodeJS.Signals | null, error: string): void {
    if (this.#exited) return;
    this.#exited = true;
    this.emit('exit', { code, signal, expected: this.#closing, stderr: (this.#stderr + error).trim() });
  }
}

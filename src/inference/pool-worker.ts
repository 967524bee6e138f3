import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { WorkerHost } from '../media/worker/host.ts';
import type { WorkerMessage } from '../media/worker/protocol.ts';
import { FromWorker, StreamReports, type ToWorker } from './analysis-protocol.ts';
import { readBlackBox } from './black-box.ts';
import type { PoolStream, WorkerLink } from './pool-stream.ts';

/** The part of a logger that is used here. */
export interface PoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PoolWorkerOptions {
  readonly log: PoolLog;
  readonly entry: string;
  readonly nice: number;
  /** Silence after which a worker hangs, milliseconds. */
  readonly hungAfterMs: number;
  /** Pause before the first restart and at most, milliseconds. */
  readonly restartMs: readonly [first: number, most: number];
  /** It died or was killed. @param culprit the stream that it worked on */
  onDeath(culprit: PoolStream | undefined): void;
}

const PACKETS_MAX_BYTES = 8 * 1024 * 1024;
const WATCH_MS = 1_000;
/** A process that starts on a busy machine is slow: it may be silent this many times longer. */
const START_PATIENCE = 3;
/** A life of this length forgets the deaths before it. */
const GOOD_LIFE_MS = 60_000;
/** A worker without a stream ends after this time. */
const IDLE_MS = 15_000;

/**
 * A place for one analysis worker: holds a set of streams and keeps a process for them as long as there are any. The
 * process is thrown away when it dies, hangs or talks nonsense, and another one is made after a growing pause.
 */
export class PoolWorker implements WorkerLink {
  readonly #options: PoolWorkerOptions;
  readonly #streams = new Map<number, PoolStream>();
  #host: WorkerHost | undefined;
  #born = 0;
  #heard = 0;
  #spoke = false;
  #hung = false;
  #deaths = 0;
  #watch: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;
  restarts = 0;
  inferenceMs = 0;
  engine: string | null = null;
  problem: string | null = null;

  constructor(options: PoolWorkerOptions) {
    this.#options = options;
  }

  get load(): number {
    return this.#streams.size;
  }

  get alive(): boolean {
    return this.#host?.alive === true;
  }

  get pid(): number | undefined {
    return this.#host?.pid;
  }

  get queuedBytes(): number {
    return this.#host?.queuedBytes ?? 0;
  }

  add(stream: PoolStream): void {
    clearTimeout(this.#idle);
    this.#streams.set(stream.number, stream);
    if (this.#host !== undefined) stream.attach(this);
    else if (this.#restart === undefined) this.#start();
  }

  /** @param why the stream gets no worker for a while; absent when it is closed */
  remove(stream: PoolStream, why?: string): void {
    if (!this.#streams.delete(stream.number)) return;
    stream.detach(why);
    if (this.#streams.size > 0) return;
    this.#idle = setTimeout(() => {
      if (this.#streams.size === 0) this.#end();
    }, IDLE_MS);
    this.#idle.unref();
  }

  send(message: ToWorker, payload?: Buffer): void {
    this.#host?.send(message, payload);
  }

  sendPacket(message: ToWorker, payload: Buffer): boolean {
    const host = this.#host;
    if (host === undefined || host.queuedBytes + payload.length > PACKETS_MAX_BYTES) return false;
    return host.send(message, payload);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#restart);
    this.#end();
  }

  #start(): void {
    this.#restart = undefined;
    if (this.#closed || this.#streams.size === 0) return;
    const { entry, nice, log } = this.#options;
    const box = path.join(os.tmpdir(), `sightmesh-analysis-${randomUUID()}.box`);
    // Twice the room of the packets: control messages always fit.
    const host = new WorkerHost({ entry, args: [box], nice, maxQueuedBytes: 2 * PACKETS_MAX_BYTES });
    this.#host = host;
    this.#born = performance.now();
    this.#heard = this.#born;
    this.#spoke = false;
    this.#hung = false;
    host.on('message', (message, payload) => {
      if (host === this.#host) this.#hear(host, message, payload);
    });
    host.once('exit', ({ code, signal, stderr }) => {
      void readBlackBox(box)
        .then((culprit) => {
          // Somebody else ended it, a person or a system short of memory: no picture did.
          const ended = signal === 'SIGTERM' || (signal === 'SIGKILL' && !this.#hung);
          const info = { code, signal, stderr: stderr.slice(-500) };
          if (host === this.#host) this.#died(ended ? 0 : culprit, info);
        })
        .finally(() => rm(box, { force: true }).catch(() => undefined));
    });
    this.#watchOver(host);
    log.info({ pid: host.pid, streams: this.#streams.size }, 'analysis worker started');
    for (const stream of [...this.#streams.values()]) stream.attach(this);
  }

  #hear(host: WorkerHost, raw: WorkerMessage, payload: Buffer): void {
    this.#heard = performance.now();
    this.#spoke = true;
    const parsed = FromWorker.safeParse(raw);
    if (!parsed.success) {
      this.#options.log.warn({ pid: host.pid, type: raw.type }, 'analysis worker talks nonsense');
      host.kill();
      return;
    }
    const message = parsed.data;
    if (message.type === 'change') {
      const jpeg = payload.length > 0 ? Buffer.from(payload) : undefined;
      this.#streams.get(message.stream)?.changed(message.life, message.change, jpeg);
      return;
    }
    this.engine = message.engine;
    this.problem = message.problem;
    this.inferenceMs = message.inferenceMs;
    const reports = StreamReports.safeParse(JSON.parse(payload.toString('utf8')));
    for (const report of reports.data ?? []) this.#streams.get(report.stream)?.reported(report);
  }

  #watchOver(host: WorkerHost): void {
    let ticked = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      // This process itself stood still: what the worker said meanwhile is not read yet.
      if (now - ticked > 3 * WATCH_MS) this.#heard = now;
      ticked = now;
      const patience = this.#options.hungAfterMs * (this.#spoke ? 1 : START_PATIENCE);
      if (now - this.#heard <= patience) return;
      this.#options.log.warn({ pid: host.pid }, 'analysis worker hangs');
      this.#heard = now;
      this.#hung = true;
      host.kill();
    }, WATCH_MS);
    this.#watch.unref();
  }

  #died(culprit: number, info: object): void {
    const lived = performance.now() - this.#born;
    this.#forgetHost();
    this.restarts += 1;
    const stream = this.#streams.get(culprit);
    this.#options.log.warn({ ...info, camera: stream?.options.id }, 'analysis worker died');
    for (const each of [...this.#streams.values()]) each.detach();
    this.#deaths = lived > GOOD_LIFE_MS ? 0 : this.#deaths;
    const [first, most] = this.#options.restartMs;
    const pause = Math.min(most, first * 2 ** Math.min(this.#deaths, 20));
    this.#deaths += 1;
    this.#restart = setTimeout(() => {
      this.#start();
    }, pause);
    this.#options.onDeath(stream);
  }

  #forgetHost(): void {
    clearInterval(this.#watch);
    this.#host = undefined;
    this.engine = null;
    this.problem = null;
  }

  #end(): void {
    this.#host?.close();
    this.#forgetHost();
  }
}

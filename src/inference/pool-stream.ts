import { annexB } from '../media/av/decoder.ts';
import type { Packet, VideoTrack } from '../media/types.ts';
import { type AnalysisSettings, machineTime, type StreamReport, type ToWorker } from './analysis-protocol.ts';
import type { EventChange } from './event-builder.ts';

export interface AnalysisStreamOptions {
  /** For logs: the camera. */
  readonly id: string;
  readonly settings: AnalysisSettings;
  /** There is a worker: `header` and packets from a key frame on are welcome. Called again after each `onLost`. */
  onReady(): void;
  /** The worker is gone, and with it all that was known of the stream. */
  onLost(): void;
  /** @param jpeg the picture of the change, when it shows the object better than those before */
  onChange(change: EventChange, jpeg: Buffer | undefined): void;
}

export interface AnalysisState {
  /** `waiting` for a worker, `running`, or `set-aside` since its pictures took workers along. */
  readonly state: 'waiting' | 'running' | 'set-aside';
  /** What is wrong and what will happen; null while all is well. */
  readonly message: string | null;
  /** The engine's name; null while there is none. */
  readonly engine: string | null;
  /** Pictures a second in which motion is sought. */
  readonly fps: number;
  readonly motion: boolean;
  readonly tracks: StreamReport['tracks'];
  /** Pictures shown to the engine, and those that a newer one overtook while they waited for it. */
  readonly inferences: number;
  readonly skipped: number;
  /** Packets that were dropped because a worker was behind or away. */
  readonly dropped: number;
  /** Packets or pictures that could not be decoded. */
  readonly damaged: number;
  /** Of the last second, from sending a packet to the answer about its picture; 0 without one. */
  readonly latencyMs: number;
}

/** One stream of packets that is analysed. Nothing here ever blocks or queues. */
export interface AnalysisStream {
  header(track: VideoTrack): void;
  packet(packet: Pick<Packet, 'time' | 'key' | 'data'>): void;
  /** What was seen is void: the camera was away. No changes come of it. */
  reset(): void;
  /** Idempotent. Nothing is called afterwards. */
  close(): void;
  readonly state: AnalysisState;
}

/** What a stream needs of its worker. */
export interface WorkerLink {
  /** Control messages are taken as long as the worker lives. */
  send(message: ToWorker, payload?: Buffer): void;
  /** False when the worker is too far behind. */
  sendPacket(message: ToWorker, payload: Buffer): boolean;
  readonly engine: string | null;
  readonly problem: string | null;
}

interface Totals {
  inferences: number;
  skipped: number;
  dropped: number;
  damaged: number;
}

const NONE: Totals = { inferences: 0, skipped: 0, dropped: 0, damaged: 0 };

export class PoolStream implements AnalysisStream {
  readonly number: number;
  readonly options: AnalysisStreamOptions;
  readonly #onClose: (stream: PoolStream) => void;
  #link: WorkerLink | undefined;
  #life = 0;
  #needsKey = true;
  /** The worker refused a packet: those up to the next key frame are lost with it. */
  #behind = false;
  #refused = 0;
  #before: Totals = NONE;
  #report: StreamReport | undefined;
  #setAside: string | undefined;
  #closed = false;

  constructor(number: number, options: AnalysisStreamOptions, onClose: (stream: PoolStream) => void) {
    this.number = number;
    this.options = options;
    this.#onClose = onClose;
  }

  header(track: VideoTrack): void {
    const { codec, width, height, fps = 25, reorders } = track;
    const sets = annexB([...track.vps, ...track.sps, ...track.pps]);
    const { number: stream } = this;
    this.#link?.send({ type: 'header', stream, codec, width, height, fps, reorders }, sets);
    this.#needsKey = true;
  }

  packet({ time, key, data }: Pick<Packet, 'time' | 'key' | 'data'>): void {
    if (this.#link === undefined || (this.#needsKey && !key)) {
      if (this.#behind) this.#refused += 1;
      return;
    }
    const message = {
      type: 'packet',
      stream: this.number,
      time,
      key,
      sent: Math.round(machineTime()),
    } as const;
    const taken = this.#link.sendPacket(message, data);
    this.#needsKey = !taken;
    this.#behind = !taken;
    if (!taken) this.#refused += 1;
  }

  reset(): void {
    this.#life += 1;
    this.#link?.send({ type: 'reset', stream: this.number, life: this.#life });
    if (this.#report !== undefined) this.#report = { ...this.#report, motion: false, tracks: [] };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#link?.send({ type: 'close', stream: this.number });
    this.#link = undefined;
    this.#onClose(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get state(): AnalysisState {
    const report = this.#report;
    const { inferences, skipped, dropped, damaged } = this.#totals();
    return {
      state: this.#setAside !== undefined ? 'set-aside' : this.#link === undefined ? 'waiting' : 'running',
      message: this.#setAside ?? report?.problem ?? this.#link?.problem ?? null,
      engine: this.#link?.engine ?? null,
      fps: report?.fps ?? 0,
      motion: report?.motion ?? false,
      tracks: report?.tracks ?? [],
      latencyMs: report?.latencyMs ?? 0,
      inferences,
      skipped,
      dropped: dropped + this.#refused,
      damaged,
    };
  }

  /** For the pool: a worker takes the stream. */
  attach(link: WorkerLink): void {
    if (this.#closed) return;
    this.#setAside = undefined;
    this.#life += 1;
    this.#link = link;
    this.#needsKey = true;
    this.#behind = false;
    const settings = Buffer.from(JSON.stringify(this.options.settings));
    link.send({ type: 'open', stream: this.number, life: this.#life }, settings);
    this.options.onReady();
  }

  /** For the pool: the worker is gone. @param setAside why the stream gets none for a while */
  detach(setAside?: string): void {
    const had = this.#link !== undefined;
    this.#link = undefined;
    this.#setAside = setAside;
    this.#before = this.#totals();
    this.#report = undefined;
    if (had && !this.#closed) this.options.onLost();
  }

  /** For the pool: the worker's word. */
  reported(report: StreamReport): void {
    if (report.life === this.#life && this.#link !== undefined) this.#report = report;
  }

  /** For the pool: the worker's word. */
  changed(life: number, change: EventChange, jpeg: Buffer | undefined): void {
    if (life === this.#life && !this.#closed) this.options.onChange(change, jpeg);
  }

  #totals(): Totals {
    const { inferences, skipped, dropped, damaged } = this.#report ?? NONE;
    const before = this.#before;
    return {
      inferences: before.inferences + inferences,
      skipped: before.skipped + skipped,
      dropped: before.dropped + dropped,
      damaged: before.damaged + damaged,
    };
  }
}

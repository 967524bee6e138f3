import { fileURLToPath } from 'node:url';
import type { AudioTrack, Packet } from '../types.ts';
import type { OpusTranscoderFactory } from '../webrtc/live-audio.ts';
import { WorkerHost, type WorkerHostOptions } from '../worker/host.ts';
import type { WorkerMessage } from '../worker/protocol.ts';
import { RestartDelay, type RestartOptions } from '../worker/restart.ts';
import type { OpenMessage, PacketMessage, SoundMessage } from './protocol.ts';
import { aacTarget, opusTarget } from './targets.ts';
import type { AacTranscoderFactory, AudioTranscoder, TranscodedPacket } from './types.ts';

export interface AudioTranscodingOptions {
  /** Told once for each process that died, and for each track that could not be transcoded. */
  readonly onProblem?: (fields: object, sentence: string) => void;
  readonly restart?: Partial<RestartOptions>;
  /** Without a stream the process ends after this long, milliseconds. Default 30,000. */
  readonly idleMs?: number;
  readonly worker?: Partial<WorkerHostOptions>;
}

export interface AudioTranscodingStats {
  readonly streams: number;
  /** Packets that the process could not take, all streams together. */
  readonly dropped: number;
  readonly restarts: number;
  readonly pid: number | undefined;
}

interface Stream {
  readonly id: number;
  readonly from: AudioTrack;
  readonly to: AudioTrack & { readonly codec: 'aac' | 'opus' };
  readonly onPacket: (packet: TranscodedPacket) => void;
  failed: boolean;
}

const ENTRY = fileURLToPath(new URL('audio.worker.ts', import.meta.url));
const PING_EVERY_MS = 2_000;
/** A process that answers nothing for this long hangs. */
const HANG_MS = 10_000;

/**
 * Transcodes the sound of any number of streams in one child process. While the process is away its streams are silent,
 * and their sound returns with the next one; a track that it refuses stays silent.
 */
export class AudioTranscoding {
  readonly #options: AudioTranscodingOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #delay: RestartDelay;
  #host: WorkerHost | undefined;
  #startedAt = 0;
  #heardAt = 0;
  #watch: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #nextId = 1;
  #dropped = 0;
  #restarts = 0;
  #closed = false;

  constructor(options: AudioTranscodingOptions = {}) {
    this.#options = options;
    this.#delay = new RestartDelay(options.restart);
  }

  /** For `LiveAudio`: AAC and everything else to Opus. */
  readonly opus: OpusTranscoderFactory = (track, onPacket) =>
    this.#open(track, { ...opusTarget(track), codec: 'opus' }, onPacket);

  /** For fragments: G.711 to AAC, mono. */
  readonly aac: AacTranscoderFactory = (track, onPacket) =>
    track.codec === 'pcma' || track.codec === 'pcmu'
      ? this.#open(track, { ...aacTarget(track), codec: 'aac' }, onPacket)
      : undefined;

  get stats(): AudioTranscodingStats {
    return {
      streams: this.#streams.size,
      dropped: this.#dropped,
      restarts: this.#restarts,
      pid: this.#host?.pid,
    };
  }

  /** Idempotent. Everything goes silent. */
  close(): void {
    this.#closed = true;
    this.#streams.clear();
    this.#stop();
  }

  #open(from: AudioTrack, to: Stream['to'], onPacket: (packet: TranscodedPacket) => void): AudioTranscoder {
    const stream: Stream = { id: this.#nextId, from, to, onPacket, failed: false };
    this.#nextId += 1;
    this.#streams.set(stream.id, stream);
    clearTimeout(this.#later);
    if (this.#host?.alive === true) this.#announce(this.#host, stream);
    else this.#start();
    return {
      track: to,
      push: (packet) => this.#push(stream, packet),
      close: () => this.#release(stream),
    };
  }

  #release(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#host?.send({ type: 'close', id: stream.id });
    if (this.#streams.size > 0) return;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#stop(), this.#options.idleMs ?? 30_000);
    this.#later.unref();
  }

  #push(stream: Stream, { pts, time, session, discontinuity, data }: Packet): void {
    if (stream.failed || !this.#streams.has(stream.id)) return;
    const { id } = stream;
    const message: PacketMessage = { type: 'packet', id, pts, time, session, discontinuity };
    if (this.#host?.send({ ...message }, data) !== true) this.#dropped += 1;
  }

  #start(): void {
    if (this.#closed || this.#host !== undefined) return;
    const host = new WorkerHost({ entry: ENTRY, maxQueuedBytes: 1024 * 1024, ...this.#options.worker });
    this.#host = host;
    this.#startedAt = performance.now();
    this.#heardAt = this.#startedAt;
    host.on('message', (message, payload) => {
      this.#heardAt = performance.now();
      this.#hear(message, payload);
    });
    host.once('exit', ({ expected, signal, code, stderr }) => {
      if (this.#host === host) this.#died(expected, { signal, code, stderr });
    });
    for (const stream of this.#streams.values()) this.#announce(host, stream);
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardAt > HANG_MS) host.kill();
      else host.send({ type: 'ping' });
    }, PING_EVERY_MS);
    this.#watch.unref();
  }

  #announce(host: WorkerHost, { id, from, to, failed }: Stream): void {
    if (failed) return;
    const message: OpenMessage = {
      type: 'open',
      id,
      from: {
        codec: from.codec,
        sampleRate: from.sampleRate,
        channels: from.channels,
        timebase: from.timebase,
      },
      to: { codec: to.codec, sampleRate: to.sampleRate, channels: to.channels },
    };
    host.send({ ...message }, from.config);
  }

  #hear(message: WorkerMessage, payload: Buffer): void {
    const stream = typeof message['id'] === 'number' ? this.#streams.get(message['id']) : undefined;
    if (stream === undefined) return;
    if (message.type === 'sound') {
      const { pts, time, session, discontinuity } = message as unknown as SoundMessage;
      stream.onPacket({ pts, time, session, discontinuity, data: Buffer.from(payload) });
    } else if (message.type === 'failed') {
      stream.failed = true;
      const fields = { codec: stream.from.codec, reason: message['message'] };
      this.#options.onProblem?.(fields, 'a sound track cannot be transcoded and stays silent');
    }
  }

  #died(expected: boolean, how: object): void {
    clearInterval(this.#watch);
    this.#host = undefined;
    if (expected || this.#closed) {
      if (this.#streams.size > 0) this.#start();
      return;
    }
    this.#restarts += 1;
    this.#options.onProblem?.(how, 'the process that transcodes sound ended; another one follows');
    clearTimeout(this.#later);
    this.#later = setTimeout(
      () => {
        if (this.#streams.size > 0) this.#start();
      },
      this.#delay.next(performance.now() - this.#startedAt),
    );
    this.#later.unref();
  }

  #stop(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#later);
    const host = this.#host;
    this.#host = undefined;
    host?.close();
  }
}

import type { AudioTrack, Packet } from '../types.ts';
import { audioName } from './codecs.ts';
import { RtpClock } from './rtp-clock.ts';

/** A packet of Opus; pts in ticks of 48 kHz. */
export interface OpusPacket {
  readonly data: Buffer;
  readonly pts: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly session: number;
  readonly discontinuity: boolean;
}

/** Turns the packets of one track into Opus; restarts by itself or goes silent, never throws. */
export interface OpusTranscoder {
  push(packet: Packet): void;
  close(): void;
}

export type OpusTranscoderFactory = (
  track: AudioTrack,
  onPacket: (packet: OpusPacket) => void,
) => OpusTranscoder;

const OPUS_RATE = 48_000;
/** A multiple of every sample size of G.711, below any network's packet size. */
const MAX_PAYLOAD = 1_200;

/** The sound of one stream: passes G.711 and Opus on, transcodes the rest, and only while somebody listens. */
export class LiveAudio {
  readonly #factory: OpusTranscoderFactory | undefined;
  readonly #send: (timestamp: number, payload: Buffer) => void;
  #track: AudioTrack | undefined;
  #clock = new RtpClock(OPUS_RATE);
  #transcoder: OpusTranscoder | undefined;
  #last: { timestamp: number; time: number } | undefined;

  constructor(
    factory: OpusTranscoderFactory | undefined,
    send: (timestamp: number, payload: Buffer) => void,
  ) {
    this.#factory = factory;
    this.#send = send;
  }

  /** RTP time of the newest packet and the moment it belongs to. */
  get last(): { timestamp: number; time: number } | undefined {
    return this.#last;
  }

  /** Begins with a track, or ends with none. The same track again changes nothing. */
  use(track: AudioTrack | undefined): void {
    if (track === this.#track) return;
    this.close();
    this.#track = track;
    if (track === undefined) return;
    if (audioName(track) !== 'opus') {
      this.#clock = new RtpClock(track.sampleRate);
      return;
    }
    this.#clock = new RtpClock(OPUS_RATE);
    if (track.codec === 'opus') return;
    this.#transcoder = this.#factory?.(track, (packet) => {
      this.#emit(this.#clock.timestamp(packet, OPUS_RATE), packet.time, packet.data);
    });
  }

  packet(packet: Packet, track: AudioTrack): void {
    if (track !== this.#track) return;
    if (this.#transcoder !== undefined) {
      this.#transcoder.push(packet);
      return;
    }
    const timestamp = this.#clock.timestamp(packet, track.timebase);
    if (audioName(track) === 'opus') {
      if (track.codec === 'opus') this.#emit(timestamp, packet.time, packet.data);
      return;
    }
    for (let offset = 0; offset < packet.data.length; offset += MAX_PAYLOAD) {
      const samples = offset / track.channels;
      this.#emit(timestamp + samples, packet.time, packet.data.subarray(offset, offset + MAX_PAYLOAD));
    }
  }

  /** Idempotent. */
  close(): void {
    this.#transcoder?.close();
    this.#transcoder = undefined;
    this.#track = undefined;
    this.#last = undefined;
  }

  #emit(timestamp: number, time: number, payload: Buffer): void {
    this.#last = { timestamp, time };
    this.#send(timestamp, payload);
  }
}

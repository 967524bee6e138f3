import type { AacTranscoderFactory, AudioTranscoder } from '../transcode/types.ts';
import type { AudioTrack, Packet, StreamHeader } from '../types.ts';
import { isStorable } from './sample-entries.ts';

/**
 * Puts AAC in the place of sound that MP4 cannot carry. The track stands in the header from the beginning, its packets
 * come when they are transcoded; the picture never waits for them.
 */
export class StorableSound {
  readonly #factory: AacTranscoderFactory | undefined;
  readonly #onPacket: (packet: Packet) => void;
  #transcoder: AudioTranscoder | undefined;
  #index = -1;
  #generation = 0;

  constructor(factory: AacTranscoderFactory | undefined, onPacket: (packet: Packet) => void) {
    this.#factory = factory;
    this.#onPacket = onPacket;
  }

  /** The header as fragments carry it. */
  header(header: StreamHeader): StreamHeader {
    this.close();
    const index = header.tracks.findIndex((track) => track.kind === 'audio' && !isStorable(track));
    const source = header.tracks[index];
    if (source?.kind !== 'audio') return header;
    const transcoder = this.#begin(source, index, header.generation);
    if (transcoder === undefined) return header;
    this.#transcoder = transcoder;
    this.#index = index;
    this.#generation = header.generation;
    return { ...header, tracks: header.tracks.with(index, transcoder.track) };
  }

  /** True when the packet is to be transcoded, and comes back later by the callback. */
  take(packet: Packet): boolean {
    if (this.#transcoder === undefined || packet.track !== this.#index) return false;
    if (packet.generation === this.#generation) this.#transcoder.push(packet);
    return true;
  }

  /** Idempotent; no packet comes afterwards. */
  close(): void {
    this.#transcoder?.close();
    this.#transcoder = undefined;
    this.#index = -1;
  }

  #begin(source: AudioTrack, index: number, generation: number): AudioTranscoder | undefined {
    let seq = 0;
    return this.#factory?.(source, ({ pts, time, session, discontinuity, data }) => {
      this.#onPacket({
        track: index,
        kind: 'audio',
        pts,
        dts: pts,
        time,
        seq,
        session,
        generation,
        discontinuity,
        key: true,
        data,
      });
      seq += 1;
    });
  }
}

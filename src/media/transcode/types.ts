import type { AudioTrack, Packet } from '../types.ts';

/** What a transcoder gives back: without a number, which its reader counts itself. */
export type TranscodedPacket = Pick<Packet, 'pts' | 'time' | 'session' | 'discontinuity' | 'data'>;

/** Turns the packets of one track into another codec; restarts by itself or goes silent, never throws. */
export interface AudioTranscoder {
  /** What comes out, known before the first packet. */
  readonly track: AudioTrack;
  push(packet: Packet): void;
  /** Idempotent; nothing comes afterwards. */
  close(): void;
}

/** Undefined when the track cannot be transcoded. */
export type AacTranscoderFactory = (
  track: AudioTrack,
  onPacket: (packet: TranscodedPacket) => void,
) => AudioTranscoder | undefined;

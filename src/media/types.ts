/**
 * The shapes that travel between the parts of the media plane. Nothing here does work.
 *
 * Video data is always a run of NAL units, each behind its length as a 32-bit big-endian number
 * ("length-prefixed", as ISO/IEC 14496-15 stores them with lengthSizeMinusOne = 3). Parameter sets, access unit
 * delimiters and filler are not in the data: parameter sets live in the track. SEI messages stay.
 */

export type VideoCodec = 'h264' | 'h265';
export type AudioCodec = 'aac' | 'pcma' | 'pcmu' | 'opus';

export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381, e.g. `avc1.4d001f` or `hvc1.1.6.L93.B0`. */
  readonly codecString: string;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second as the parameter sets declare it; absent when they do not. */
  readonly fps?: number;
  /** True when the parameter sets allow pictures to be output in another order than decoded. */
  readonly reorders: boolean;
  /** Raw NAL units without start code or length. `vps` is empty for H.264. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
  /** Ticks per second of `pts` and `dts`. */
  readonly timebase: number;
}

export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  readonly codecString: string;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3) for AAC; empty otherwise. */
  readonly config: Buffer;
  readonly timebase: number;
}

export type Track = VideoTrack | AudioTrack;

/** What a reader must know before the first packet, repeated whenever `generation` changes. */
export interface StreamHeader {
  /** One connection to the camera. Rises by one for each. */
  readonly session: number;
  /** One set of codec parameters. Rises by one whenever a track's parameters change; never reused in a hub. */
  readonly generation: number;
  /** At most one video track (index 0 when present) and one audio track. */
  readonly tracks: readonly Track[];
}

export interface Packet {
  /** Index into the tracks of the header with the same generation. */
  readonly track: number;
  readonly kind: 'video' | 'audio';
  /** Ticks of the track's timebase, unwrapped, never negative within a session; dts rises strictly per track. */
  readonly pts: number;
  readonly dts: number;
  /** Milliseconds since 1970 on the node's timeline (fractions allowed), when the picture was taken as well as we know. */
  readonly time: number;
  /** Rises by one with each packet of the track in this session. */
  readonly seq: number;
  readonly session: number;
  readonly generation: number;
  /** Something is missing, or time stepped, between the packet before on this track and this one. */
  readonly discontinuity: boolean;
  /** A picture from which decoding can begin (IDR, or IRAP for H.265). Always true for audio. */
  readonly key: boolean;
  readonly data: Buffer;
}

/** Where packets come from. A source is used once: it ends, is thrown away, and another one is made. */
export interface Source {
  /**
   * Opens and streams until it ends or is closed. Resolves after `close()`; rejects with a `SourceError` otherwise.
   * The first call to the sink is `header`.
   */
  run(sink: SourceSink): Promise<void>;
  /** Idempotent. Ends `run` within 2 s, whatever the camera does. */
  close(): void;
  readonly stats: SourceStats;
}

export interface SourceSink {
  header(header: Pick<StreamHeader, 'tracks'>): void;
  packet(packet: SourcePacket): void;
  /**
   * For a source that lasts longer than the session whose packets it brings, as a link does: that session is over. The
   * next call is `header`, which begins another one.
   */
  interrupted?(): void;
}

/** A packet before the hub gave it session, generation and number. */
export type SourcePacket = Omit<Packet, 'session' | 'generation' | 'seq'>;

export interface SourceStats {
  bytes: number;
  packets: number;
  /** RTP packets that never came, by their sequence numbers. */
  lost: number;
  /** Messages or packets that could not be understood and were passed over. */
  malformed: number;
}

/** Why a source ended. `code` is stable; the message is a sentence a person can act on, without secrets. */
export class SourceError extends Error {
  readonly code: SourceErrorCode;
  override readonly name = 'SourceError';
  constructor(code: SourceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type SourceErrorCode =
  | 'name_not_found'
  | 'connection_refused'
  | 'unreachable'
  | 'open_timeout'
  | 'stalled'
  | 'closed_by_camera'
  | 'unauthorized'
  | 'not_found'
  | 'not_rtsp'
  | 'unsupported_codec'
  | 'no_media'
  | 'protocol'
  | 'bad_url'
  | 'worker_failed';

/**
 * A piece of fragmented MP4 (one moof and one mdat, at most 500 ms, cut at key frames), built once per stream and
 * shared by recorder, MSE and playback. Nobody changes its buffers: whoever needs another tfdt copies `moof`.
 */
export interface Fragment {
  readonly session: number;
  readonly generation: number;
  /** Rises by one per fragment of the stream. */
  readonly seq: number;
  /** Begins with a key frame. */
  readonly key: boolean;
  readonly discontinuity: boolean;
  /** Milliseconds since 1970 of the first and of the end of the last sample (video when there is video). */
  readonly time: number;
  readonly endTime: number;
  readonly moof: Buffer;
  /** mdat header and payload pieces, in order. */
  readonly mdat: readonly Buffer[];
  /** Bytes of moof and mdat together. */
  readonly bytes: number;
  /** For each track in the moof: track id, offset of the 64-bit baseMediaDecodeTime in `moof`, its value, and timescale. */
  readonly tfdt: readonly { trackId: number; offset: number; value: number; timescale: number }[];
  readonly videoSamples: number;
  /** Ticks between decoding and showing of the first video sample (with B-frames); absent means 0. */
  readonly compositionOffset?: number;
}

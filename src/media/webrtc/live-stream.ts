import { SightmeshError } from '../../contracts/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { Reader } from '../hub/reader.ts';
import { packetizeH264 } from '../rtp/h264.ts';
import type { AudioTrack, Packet, StreamHeader, VideoTrack } from '../types.ts';
import { type AudioChoice, audioName, type AudioName, type VideoChoice } from './codecs.ts';
import type { Feed, RtpFeed } from './feed.ts';
import type { Frame } from './gop-burst.ts';
import { LiveAudio, type OpusTranscoderFactory } from './live-audio.ts';
import { RtpClock } from './rtp-clock.ts';

export interface LiveStreamOptions {
  readonly hub: Hub;
  readonly feed: Feed;
  /** Absent: cameras with AAC are shown without sound. */
  readonly transcoder?: OpusTranscoderFactory | undefined;
  /** The stream cannot go on as its viewers were told: other codecs, B-frames, hub gone. Called once. */
  readonly onEnd: (reason: string) => void;
}

/** A producer that several viewers share; goes away with the last of them. */
export interface Lease {
  readonly feed: RtpFeed;
  readonly release: () => void;
}

interface Shared {
  readonly feed: Promise<RtpFeed>;
  users: number;
}

const REPORT_EVERY_MS = 2_000;
const MAX_GOP_BYTES = 16 * 1024 * 1024;
const READY_MS = 3_000;
/** After so many frames B-frames would have shown themselves. */
const TELLING_FRAMES = 4;

/** One stream of a camera as RTP: packetized once, sent to every shared producer and to each viewer's own one. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #reader: Reader;
  readonly #clock = new RtpClock(90_000);
  readonly #shared = new Map<string, Shared>();
  readonly #live = new Map<string, RtpFeed>();
  readonly #subscribers = new Set<(frame: Frame) => void>();
  readonly #audio: LiveAudio;
  readonly #reports: NodeJS.Timeout;
  readonly #ready = Promise.withResolvers<undefined>();
  #header: StreamHeader | undefined;
  #video: VideoTrack | undefined;
  #gop: Frame[] = [];
  #gopBytes = 0;
  #lastPts = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #last: Frame | undefined;
  #failure: SightmeshError | undefined;
  #closed = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#audio = new LiveAudio(options.transcoder, (timestamp, payload) => {
      for (const [key, feed] of this.#live) if (key.startsWith('audio')) feed.send(timestamp, payload, false);
    });
    this.#reader = options.hub.read(
      { name: 'webrtc' },
      {
        header: (header) => this.#onHeader(header),
        packets: (batch) => this.#onPackets(batch),
        closed: () => this.#end(new SightmeshError('camera_offline'), 'the stream ended'),
      },
    );
    this.#reports = setInterval(() => this.#report(), REPORT_EVERY_MS);
    this.#reports.unref();
  }

  /**
   * Resolves when the tracks are known and what was cached is packetized; where the parameter sets allow B-frames, not
   * before some frames have shown that there are none.
   *
   * @throws SightmeshError `camera_offline` when all that takes more than 3 s, `codec_not_playable`
   */
  async ready(): Promise<void> {
    const timer = setTimeout(() => this.#ready.reject(new SightmeshError('camera_offline')), READY_MS);
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  get video(): VideoTrack | undefined {
    return this.#video;
  }

  /** What viewers may hear; undefined when there is nothing or nothing that can be carried. */
  get audio(): AudioName | undefined {
    const track = this.#audioTrack();
    if (track === undefined) return undefined;
    const name = audioName(track);
    return name === 'opus' && track.codec !== 'opus' && this.#options.transcoder === undefined
      ? undefined
      : name;
  }

  /** The frames since the newest key frame. */
  get gop(): readonly Frame[] {
    return this.#gop;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls back with every new frame; returns what ends it. */
  subscribe(onFrame: (frame: Frame) => void): () => void {
    this.#subscribers.add(onFrame);
    return () => this.#subscribers.delete(onFrame);
  }

  shareVideo(choice: VideoChoice): Promise<Lease> {
    const key = `video ${choice.profile} ${choice.payloadType ?? ''}`;
    return this.#share(key, () => this.#options.feed.video(choice));
  }

  async shareAudio(choice: AudioChoice): Promise<Lease> {
    const key = `audio ${choice.name} ${choice.payloadType ?? ''}`;
    const lease = await this.#share(key, () => this.#options.feed.audio(choice));
    this.#updateAudio();
    return lease;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    clearInterval(this.#reports);
    this.#audio.close();
    for (const feed of this.#live.values()) feed.close();
    this.#live.clear();
    this.#shared.clear();
    this.#subscribers.clear();
    this.#gop = [];
    this.#ready.resolve(undefined);
  }

  async #share(key: string, make: () => Promise<RtpFeed>): Promise<Lease> {
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { feed: make(), users: 0 };
      this.#shared.set(key, shared);
    }
    const mine = shared;
    mine.users += 1;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      mine.users -= 1;
      if (mine.users === 0) this.#drop(key, mine);
    };
    try {
      const feed = await mine.feed;
      if (this.#closed) throw new SightmeshError('camera_offline');
      if (this.#shared.get(key) === mine) this.#live.set(key, feed);
      return { feed, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #drop(key: string, shared: Shared): void {
    if (this.#shared.get(key) !== shared) return;
    this.#shared.delete(key);
    this.#live.delete(key);
    shared.feed.then(
      (feed) => feed.close(),
      () => undefined,
    );
    this.#updateAudio();
  }

  #updateAudio(): void {
    const wanted = [...this.#live.keys()].some((key) => key.startsWith('audio'));
    this.#audio.use(wanted ? this.#audioTrack() : undefined);
  }

  #audioTrack(): AudioTrack | undefined {
    return this.#header?.tracks.find((track) => track.kind === 'audio');
  }

  #onHeader(header: StreamHeader): void {
    const before = this.#header === undefined ? undefined : signature(this.#header);
    this.#header = header;
    this.#video = header.tracks.find((track) => track.kind === 'video');
    this.#clearGop();
    if (this.#video?.codec !== 'h264') {
      const what = this.#video === undefined ? 'no video' : 'H.265';
      this.#end(
        new SightmeshError('codec_not_playable', `The camera sends ${what}, which WebRTC cannot carry.`),
        what,
      );
      return;
    }
    if (before !== undefined && before !== signature(header)) {
      this.#end(new SightmeshError('camera_offline'), 'the camera changed its codecs');
      return;
    }
    this.#updateAudio();
    this.#frames = 0;
    if (this.#options.hub.gop.length === 0) this.#settle();
  }

  #onPackets(batch: readonly Packet[]): void {
    for (const packet of batch) {
      const track = this.#header?.tracks[packet.track];
      if (track?.kind === 'video') this.#onVideo(packet, track);
      else if (track !== undefined) this.#audio.packet(packet, track);
      if (this.#closed) return;
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#video?.reorders !== true || this.#frames >= TELLING_FRAMES) this.#ready.resolve(undefined);
  }

  #onVideo(packet: Packet, track: VideoTrack): void {
    if (packet.key || packet.discontinuity) this.#lastPts = Number.NEGATIVE_INFINITY;
    if (packet.pts < this.#lastPts) {
      const sentence = 'The camera sends B-frames, which WebRTC cannot carry.';
      this.#end(new SightmeshError('codec_not_playable', sentence), 'B-frames');
      return;
    }
    this.#lastPts = packet.pts;
    this.#frames += 1;
    const payloads = packetizeH264(packet.data, track);
    if (payloads.length === 0) return;
    const frame: Frame = {
      timestamp: this.#clock.timestamp(packet, track.timebase),
      time: packet.time,
      key: packet.key,
      payloads,
      bytes: packet.data.length,
    };
    this.#keep(frame);
    this.#last = frame;
    for (const [key, feed] of this.#live) {
      if (key.startsWith('video')) feed.sendAll(frame.timestamp, frame.payloads);
    }
    for (const subscriber of this.#subscribers) subscriber(frame);
  }

  #keep(frame: Frame): void {
    if (frame.key) this.#clearGop();
    else if (this.#gop.length === 0) return;
    this.#gop.push(frame);
    this.#gopBytes += frame.bytes;
    if (this.#gopBytes > MAX_GOP_BYTES) this.#clearGop();
  }

  #clearGop(): void {
    this.#gop = [];
    this.#gopBytes = 0;
  }

  #report(): void {
    const { last: sound } = this.#audio;
    for (const [key, feed] of this.#live) {
      const last = key.startsWith('video') ? this.#last : sound;
      if (last !== undefined) feed.report(last.timestamp, last.time);
    }
  }

  #end(failure: SightmeshError, reason: string): void {
    if (this.#closed) return;
    this.#failure = failure;
    this.close();
    this.#options.onEnd(reason);
  }
}

/** What viewers were promised: when it changes, they have to join anew. */
const signature = (header: StreamHeader): string => header.tracks.map((track) => track.codec).join(' ');

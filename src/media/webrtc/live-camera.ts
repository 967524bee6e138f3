import { randomInt, randomUUID } from 'node:crypto';
import type { types } from 'mediasoup';
import { SightmeshError } from '../../contracts/errors.ts';
import type { HubRegistry } from '../hub/registry.ts';
import {
  type AudioChoice,
  chooseAudio,
  chooseVideo,
  NATIVE_VIDEO,
  profileOf,
  routerCodecs,
  viewerCapabilities,
} from './codecs.ts';
import { Feed } from './feed.ts';
import type { OpusTranscoderFactory } from './live-audio.ts';
import { LiveStream } from './live-stream.ts';
import { checkedFingerprint, type Offer, type OfferedMedia, parseOffer } from './sdp-offer.ts';
import { type SdpSection, writeSdp } from './sdp-write.ts';
import { Viewer } from './viewer.ts';
import type { WebRtcWorker } from './worker.ts';

export interface LiveCameraOptions {
  readonly camera: string;
  readonly hubs: HubRegistry;
  readonly worker: WebRtcWorker;
  readonly transcoder?: OpusTranscoderFactory | undefined;
  /** Default 300: more want a second router. */
  readonly maxViewers?: number;
  /** WHEP viewers that get a producer, and with it a burst, of their own; the others share. Default 8. */
  readonly maxOwnProducers?: number;
}

export interface WhepResult {
  readonly session: string;
  readonly answer: string;
}

export interface LiveResult {
  readonly session: string;
  readonly offer: string;
  readonly mids: { readonly burst: string | null; readonly shared: string; readonly audio: string | null };
}

const STREAM_ID = 'live';

/** The WebRTC of one camera: one router, one feed into it, however many viewers. Throws SightmeshErrors. */
export class LiveCamera {
  readonly #options: LiveCameraOptions;
  readonly #streams = new Map<string, LiveStream>();
  readonly #viewers = new Map<string, Viewer>();
  readonly #unused = new WeakSet<LiveStream>();
  #setup: Promise<{ router: types.Router; feed: Feed; capabilities: types.RtpCapabilities }> | undefined;
  #ownProducers = 0;
  #closed = false;

  constructor(options: LiveCameraOptions) {
    this.#options = options;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  get closed(): boolean {
    return this.#closed || this.#options.worker.closed;
  }

  /**
   * Answers a WHEP offer: the GOP so far in a burst, then live, on one m-line.
   *
   * @throws SightmeshError `bad_request`, `camera_offline`, `codec_not_playable`, `unavailable`
   */
  async whep(sdp: string, streamName: string): Promise<WhepResult> {
    const offer = readOffer(sdp);
    const { stream, feed } = await this.#open(streamName);
    const viewer = await this.#newViewer(stream);
    try {
      await viewer.transport.connect({
        dtlsParameters: { role: 'client', fingerprints: [offer.fingerprint] },
      });
      const sections: SdpSection[] = [];
      const used = new Set<string>();
      for (const media of offer.media) {
        const rtp = used.has(media.kind) ? undefined : await this.#answerMedia(media, viewer, stream, feed);
        if (rtp !== undefined) used.add(media.kind);
        const { mid, kind, payloads } = media;
        sections.push({ mid, kind, payloads, stream: STREAM_ID, ...(rtp === undefined ? {} : { rtp }) });
      }
      if (!used.has('video')) {
        throw new SightmeshError('codec_not_playable', 'The offer takes no H.264 in packetization mode 1.');
      }
      return { session: viewer.id, answer: this.#describe('answer', viewer, sections) };
    } catch (error) {
      viewer.close();
      throw error;
    }
  }

  /**
   * Makes the offer for the console: the burst and the shared video on two m-lines, and the sound.
   *
   * @throws SightmeshError as `whep`
   */
  async live(
    fingerprint: { readonly algorithm: string; readonly value: string },
    kinds: readonly ('video' | 'audio')[],
    streamName: string,
  ): Promise<LiveResult> {
    const print = readFingerprint(fingerprint);
    const { stream, feed, capabilities } = await this.#open(streamName);
    const viewer = await this.#newViewer(stream);
    try {
      await viewer.transport.connect({ dtlsParameters: { role: 'client', fingerprints: [print] } });
      const sections: SdpSection[] = [];
      const add = async (kind: 'video' | 'audio', producer: types.Producer): Promise<string> => {
        const mid = String(sections.length);
        const consumer = await viewer.transport.consume({
          producerId: producer.id,
          rtpCapabilities: capabilities,
          mid,
        });
        sections.push({
          mid,
          kind,
          stream: kind === 'audio' ? 'audio' : `video-${mid}`,
          rtp: consumer.rtpParameters,
        });
        return mid;
      };
      let burst: string | null = null;
      if (stream.gop.length > 0) {
        const own = await feed.video(NATIVE_VIDEO);
        viewer.burst(own, true);
        burst = await add('video', own.producer);
      }
      const lease = await stream.shareVideo(NATIVE_VIDEO);
      viewer.onEnd(lease.release);
      const shared = await add('video', lease.feed.producer);
      let audio: string | null = null;
      const name = stream.audio;
      if (kinds.includes('audio') && name !== undefined) {
        const sound = await stream.shareAudio({ name });
        viewer.onEnd(sound.release);
        audio = await add('audio', sound.feed.producer);
      }
      const text = this.#describe('offer', viewer, sections);
      return { session: viewer.id, offer: text, mids: { burst, shared, audio } };
    } catch (error) {
      viewer.close();
      throw error;
    }
  }

  /** False when there is no such session. */
  hangUp(session: string): boolean {
    const viewer = this.#viewers.get(session);
    viewer?.close();
    return viewer !== undefined;
  }

  /** Closes streams that nobody has watched since the call before. */
  sweep(): void {
    const used = new Set([...this.#viewers.values()].map((viewer) => viewer.stream));
    for (const [name, stream] of this.#streams) {
      if (used.has(stream)) {
        this.#unused.delete(stream);
      } else if (this.#unused.has(stream)) {
        stream.close();
        this.#streams.delete(name);
      } else {
        this.#unused.add(stream);
      }
    }
  }

  /** Idempotent. Ends every session. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const viewer of [...this.#viewers.values()]) viewer.close();
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#setup?.then(
      ({ router }) => router.close(),
      () => undefined,
    );
  }

  async #open(
    name: string,
  ): Promise<{ stream: LiveStream; feed: Feed; capabilities: types.RtpCapabilities }> {
    if (this.closed) throw new SightmeshError('webrtc_unavailable');
    const { feed, capabilities } = await this.#router();
    const stream = this.#streams.get(name) ?? this.#openStream(name, feed);
    this.#unused.delete(stream);
    try {
      await stream.ready();
    } catch (error) {
      stream.close();
      if (this.#streams.get(name) === stream) this.#streams.delete(name);
      throw error;
    }
    if (stream.closed) throw new SightmeshError('camera_offline');
    return { stream, feed, capabilities };
  }

  #openStream(name: string, feed: Feed): LiveStream {
    const hub = this.#options.hubs.resolve(this.#options.camera, name);
    if (hub?.live !== true) throw new SightmeshError('camera_offline');
    const stream: LiveStream = new LiveStream({
      hub,
      feed,
      transcoder: this.#options.transcoder,
      onEnd: () => {
        if (this.#streams.get(name) === stream) this.#streams.delete(name);
        for (const viewer of [...this.#viewers.values()]) if (viewer.stream === stream) viewer.close();
      },
    });
    if (!stream.closed) this.#streams.set(name, stream);
    return stream;
  }

  #router(): Promise<{ router: types.Router; feed: Feed; capabilities: types.RtpCapabilities }> {
    this.#setup ??= (async () => {
      const router = await this.#options.worker.createRouter(routerCodecs());
      const capabilities = structuredClone(router.rtpCapabilities);
      return { router, feed: await Feed.create(router), capabilities };
    })();
    return this.#setup;
  }

  async #newViewer(stream: LiveStream): Promise<Viewer> {
    if (this.#viewers.size >= (this.#options.maxViewers ?? 300)) {
      throw new SightmeshError('unavailable', 'This camera has as many viewers as one node can serve.');
    }
    const { router } = await this.#router();
    const transport = await this.#options.worker.createTransport(router);
    const viewer = new Viewer({
      id: randomUUID(),
      transport,
      stream,
      onClose: (closed) => this.#viewers.delete(closed.id),
    });
    if (this.#closed) viewer.close();
    else this.#viewers.set(viewer.id, viewer);
    return viewer;
  }

  async #answerMedia(
    media: OfferedMedia,
    viewer: Viewer,
    stream: LiveStream,
    feed: Feed,
  ): Promise<types.RtpParameters | undefined> {
    if (!media.receives || stream.video === undefined) return undefined;
    if (media.kind === 'video') {
      const codec = chooseVideo(media, stream.video);
      if (codec === undefined) return undefined;
      const choice = { payloadType: codec.payloadType, profile: profileOf(codec) };
      const producer = await this.#whepProducer(viewer, stream, feed, choice);
      return this.#consume(viewer, producer, media, codec.payloadType);
    }
    const name = stream.audio;
    const codec = media.kind === 'audio' && name !== undefined ? chooseAudio(media, name) : undefined;
    if (codec === undefined || name === undefined) return undefined;
    const choice: AudioChoice = { name, payloadType: codec.payloadType };
    const lease = await stream.shareAudio(choice);
    viewer.onEnd(lease.release);
    return this.#consume(viewer, lease.feed.producer, media, codec.payloadType);
  }

  async #whepProducer(
    viewer: Viewer,
    stream: LiveStream,
    feed: Feed,
    choice: { payloadType: number; profile: string },
  ): Promise<types.Producer> {
    if (this.#ownProducers < (this.#options.maxOwnProducers ?? 8)) {
      this.#ownProducers += 1;
      viewer.onEnd(() => (this.#ownProducers -= 1));
      const own = await feed.video(choice);
      viewer.burst(own, false);
      return own.producer;
    }
    const lease = await stream.shareVideo(choice);
    viewer.onEnd(lease.release);
    return lease.feed.producer;
  }

  async #consume(
    viewer: Viewer,
    producer: types.Producer,
    media: OfferedMedia,
    payloadType: number,
  ): Promise<types.RtpParameters> {
    const rtpCapabilities = viewerCapabilities(
      media.codecs.filter((codec) => codec.payloadType === payloadType),
    );
    const { mid } = media;
    const consumer = await viewer.transport.consume({ producerId: producer.id, rtpCapabilities, mid });
    return consumer.rtpParameters;
  }

  #describe(role: 'offer' | 'answer', viewer: Viewer, sections: readonly SdpSection[]): string {
    return writeSdp({ role, transport: viewer.transport, sections, sessionId: randomInt(1, 2 ** 47) });
  }
}

function readOffer(sdp: string): Offer {
  try {
    return parseOffer(sdp);
  } catch (error) {
    throw new SightmeshError('bad_request', sentence(error));
  }
}

function readFingerprint(fingerprint: { algorithm: string; value: string }): types.DtlsFingerprint {
  try {
    return checkedFingerprint(fingerprint.algorithm, fingerprint.value);
  } catch (error) {
    throw new SightmeshError('bad_request', sentence(error));
  }
}

const sentence = (error: unknown): string =>
  error instanceof RangeError ? `${error.message}.` : 'The SDP could not be read.';

import { API, ApiError, request } from '../api/client.ts';
import {
  dropVideo,
  failureOf,
  FIRST_PICTURE_MS,
  makeVideo,
  play,
  SILENCE_MS,
  SilenceWatch,
  type Transport,
  type TransportOptions,
} from './transport.ts';

interface LiveAnswer {
  session: string;
  offer: string;
  mids: { burst: string | null; shared: string; audio: string | null };
}

const CERTIFICATE_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
let certificate: Promise<RTCCertificate> | undefined;

let served = true;

/** False once the server said that it has no WebRTC; asked again when the page is loaded anew. */
export const webRtcServed = (): boolean => served;

/** One certificate for all players of the page: making one costs time that a first picture has not. */
async function pageCertificate(): Promise<RTCCertificate> {
  const made = await (certificate ??= RTCPeerConnection.generateCertificate(CERTIFICATE_ALGORITHM));
  if (made.expires > Date.now() + 3_600_000) return made;
  certificate = RTCPeerConnection.generateCertificate(CERTIFICATE_ALGORITHM);
  return certificate;
}

/**
 * WebRTC by one round trip: the server makes the offer. The picture comes at once on the `burst` m-line, and moves to the
 * `shared` one with that one's first frame; the two videos lie on top of each other meanwhile.
 */
export function openWebRtc(options: TransportOptions): Transport {
  return new WebRtcTransport(options);
}

class WebRtcTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #abort = new AbortController();
  readonly #watch: SilenceWatch;
  readonly #deadline: ReturnType<typeof setTimeout>;
  /** The lasting video comes first in the document; the burst lies over it until then. */
  readonly #shared: HTMLVideoElement;
  #burst: HTMLVideoElement | null = null;
  #connection: RTCPeerConnection | null = null;
  #location: string | null = null;
  #audio: MediaStreamTrack | null = null;
  #muted = true;
  #playing = false;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#shared = makeVideo(options.stage);
    this.#watch = new SilenceWatch(SILENCE_MS, () => {
      if (this.#playing) this.#fail('lost');
    });
    this.#deadline = setTimeout(() => this.#fail('blocked'), FIRST_PICTURE_MS);
    if (typeof RTCPeerConnection === 'undefined') queueMicrotask(() => this.#fail('unsupported'));
    else this.#open().catch((error: unknown) => this.#refused(error));
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#shared.muted = muted;
  }

  picture(): HTMLVideoElement {
    return this.#burst ?? this.#shared;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    this.#watch.stop();
    clearTimeout(this.#deadline);
    this.#connection?.close();
    this.#hangUp();
    this.#dropBurst();
    dropVideo(this.#shared);
  }

  async #open(): Promise<void> {
    const own = await pageCertificate();
    const [print] = own.getFingerprints();
    if (!print?.value || !print.algorithm) {
      this.#fail('unsupported');
      return;
    }
    const response = await request(`/cameras/${encodeURIComponent(this.#options.camera)}/live`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      signal: this.#abort.signal,
      body: JSON.stringify({
        fingerprint: { algorithm: print.algorithm, value: print.value.toUpperCase() },
        kinds: this.#options.audio ? ['video', 'audio'] : ['video'],
        stream: this.#options.stream,
      }),
    });
    const answer = (await response.json()) as LiveAnswer;
    this.#location =
      response.headers.get('location') ?? `${API}/cameras/${this.#options.camera}/whep/${answer.session}`;
    if (this.#isClosed()) {
      this.#hangUp();
      return;
    }
    await this.#connect(own, answer);
  }

  async #connect(own: RTCCertificate, { offer, mids }: LiveAnswer): Promise<void> {
    const connection = new RTCPeerConnection({ certificates: [own], bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    connection.ontrack = ({ track, transceiver }) => {
      if (transceiver.mid === mids.burst) this.#showBurst(track);
      else if (transceiver.mid === mids.shared) this.#showShared(track);
      else if (transceiver.mid === mids.audio) this.#addAudio(track);
    };
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'failed') this.#fail(this.#playing ? 'lost' : 'blocked');
      if (connection.connectionState === 'closed') this.#fail('lost');
    };
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await connection.setLocalDescription(await connection.createAnswer());
  }

  #showBurst(track: MediaStreamTrack): void {
    this.#burst = makeVideo(this.#options.stage);
    this.#burst.srcObject = new MediaStream([track]);
    this.#follow(this.#burst);
    play(this.#burst);
  }

  #showShared(track: MediaStreamTrack): void {
    this.#shared.srcObject = new MediaStream(this.#audio ? [track, this.#audio] : [track]);
    this.#shared.requestVideoFrameCallback(() => this.#dropBurst());
    this.#follow(this.#shared);
    play(this.#shared);
  }

  #addAudio(track: MediaStreamTrack): void {
    this.#audio = track;
    const stream = this.#shared.srcObject;
    if (stream instanceof MediaStream) stream.addTrack(track);
    this.#shared.muted = this.#muted;
  }

  #follow(video: HTMLVideoElement): void {
    const frame = (): void => {
      if (this.#isClosed() || !video.isConnected) return;
      this.#watch.seen();
      if (!this.#playing) {
        this.#playing = true;
        clearTimeout(this.#deadline);
        this.#options.onPicture();
      }
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  }

  #dropBurst(): void {
    if (!this.#burst) return;
    dropVideo(this.#burst);
    this.#burst = null;
  }

  #hangUp(): void {
    if (!this.#location) return;
    fetch(this.#location, { method: 'DELETE', credentials: 'same-origin', keepalive: true }).catch(
      () => undefined,
    );
    this.#location = null;
  }

  #refused(error: unknown): void {
    if (error instanceof ApiError && error.code === 'webrtc_unavailable') served = false;
    this.#fail(failureOf(error));
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #fail(failure: Parameters<TransportOptions['onFailed']>[0]): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailed(failure);
  }
}

import { mseUrl } from '../api/urls.ts';
import type { Failure } from './ladder.ts';
import {
  dropVideo,
  FIRST_PICTURE_MS,
  makeVideo,
  play,
  SILENCE_MS,
  SilenceWatch,
  type Transport,
  type TransportOptions,
} from './transport.ts';

/** Seconds behind the newest data at which the player jumps forward. */
const MAX_LAG_S = 3;
const KEEP_S = 10;

/**
 * fMP4 by WebSocket into Media Source Extensions. The server says in a text message which codecs follow, then sends the
 * init segment and fragments as binary messages; a new text message begins a new generation of codec parameters.
 */
export function openMse(options: TransportOptions): Transport {
  return new MseTransport(options);
}

/** The codecs of the text message: `{"codecs":"avc1.64001f,mp4a.40.2"}` or `{"mime":"video/mp4; codecs=…"}`. */
export function mimeOf(text: string): string | null {
  try {
    const message = JSON.parse(text) as { codecs?: string; mime?: string };
    if (typeof message.mime === 'string') return message.mime;
    return typeof message.codecs === 'string' ? `video/mp4; codecs="${message.codecs}"` : null;
  } catch {
    return null;
  }
}

/** What a close code of the socket means for the ladder. */
export function failureOfClose(code: number, played: boolean): Failure {
  if (code === 4403 || code === 4401 || code === 1008) return 'refused';
  if (code === 4415) return 'unsupported';
  if (code === 4503 || code === 1013) return 'offline';
  return played ? 'lost' : 'blocked';
}

class MseTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #video: HTMLVideoElement;
  readonly #socket: WebSocket;
  readonly #watch: SilenceWatch;
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #queue: ArrayBuffer[] = [];
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #url: string | null = null;
  #playing = false;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#video = makeVideo(options.stage);
    this.#watch = new SilenceWatch(SILENCE_MS, () => {
      if (this.#playing) this.#fail('lost');
    });
    this.#deadline = setTimeout(() => this.#fail('blocked'), FIRST_PICTURE_MS);
    this.#socket = new WebSocket(mseUrl(options.camera, options.stream));
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') this.#begin(data);
      else this.#push(data);
    };
    this.#socket.onclose = ({ code }) => this.#fail(failureOfClose(code, this.#playing));
    this.#follow();
  }

  setMuted(muted: boolean): void {
    this.#video.muted = muted;
  }

  picture(): HTMLVideoElement {
    return this.#video;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.stop();
    clearTimeout(this.#deadline);
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    // Closing while it still connects would be reported as an error by the browser.
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.onopen = () => this.#socket.close();
    else this.#socket.close();
    dropVideo(this.#video);
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  /** A new generation: a new source, because codecs and track ids may differ. */
  #begin(text: string): void {
    const mime = mimeOf(text);
    if (mime === null) return;
    if (typeof MediaSource === 'undefined' || !MediaSource.isTypeSupported(mime)) {
      this.#fail('unsupported');
      return;
    }
    if (this.#url) URL.revokeObjectURL(this.#url);
    const source = new MediaSource();
    this.#source = source;
    this.#buffer = null;
    this.#queue.length = 0;
    source.onsourceopen = () => {
      if (this.#closed || this.#source !== source) return;
      this.#buffer = source.addSourceBuffer(mime);
      this.#buffer.onupdateend = () => this.#drain();
      this.#drain();
    };
    this.#url = URL.createObjectURL(source);
    this.#video.src = this.#url;
    play(this.#video);
  }

  #push(data: ArrayBuffer): void {
    this.#queue.push(data);
    this.#drain();
  }

  #drain(): void {
    const buffer = this.#buffer;
    if (this.#closed || !buffer || buffer.updating || this.#video.error) return;
    this.#stayLive(buffer);
    if (this.#trim(buffer)) return;
    const next = this.#queue.shift();
    if (!next) return;
    try {
      buffer.appendBuffer(next);
    } catch {
      this.#fail('lost');
    }
  }

  /** Jumps to the newest data when the player fell behind, and on the very first data. */
  #stayLive(buffer: SourceBuffer): void {
    const { buffered } = buffer;
    if (buffered.length === 0) return;
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    const at = this.#video.currentTime;
    if (at < start || end - at > MAX_LAG_S) this.#video.currentTime = Math.max(start, end - 0.3);
    else this.#video.playbackRate = end - at > 1.2 ? 1.08 : 1;
  }

  #trim(buffer: SourceBuffer): boolean {
    if (buffer.buffered.length === 0) return false;
    const until = this.#video.currentTime - KEEP_S;
    if (until - buffer.buffered.start(0) < KEEP_S) return false;
    buffer.remove(0, until);
    return true;
  }

  #follow(): void {
    this.#video.onerror = () => this.#fail(this.#playing ? 'lost' : 'unsupported');
    const frame = (): void => {
      if (this.#closed) return;
      this.#watch.seen();
      if (!this.#playing) {
        this.#playing = true;
        clearTimeout(this.#deadline);
        this.#options.onPicture();
      }
      this.#video.requestVideoFrameCallback(frame);
    };
    this.#video.requestVideoFrameCallback(frame);
  }

  #fail(failure: Failure): void {
    if (this.#closed) return;
    this.close();
    this.#options.onFailed(failure);
  }
}

import type { StreamName } from '../../../src/contracts/entities.ts';
import { ApiError } from '../api/client.ts';
import type { Failure } from './ladder.ts';

export interface TransportOptions {
  readonly camera: string;
  readonly stream: StreamName;
  readonly audio: boolean;
  /** Where the pictures go; the transport adds its elements here and removes them when closed. */
  readonly stage: HTMLElement;
  readonly onPicture: () => void;
  readonly onFailed: (failure: Failure) => void;
}

export interface Transport {
  setMuted(muted: boolean): void;
  /** The element with the newest picture, for picture-in-picture and still pictures. */
  picture(): HTMLVideoElement | HTMLImageElement | null;
  /** Idempotent; no callback comes after it. */
  close(): void;
}

/** No picture within this time after opening: the transport does not work here. */
export const FIRST_PICTURE_MS = 8000;
/** No new picture for this time while playing: the transport is lost. */
export const SILENCE_MS = 6000;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return 'blocked';
  if (error.code === 'codec_not_playable' || error.code === 'webrtc_unavailable') return 'unsupported';
  if (error.status === 401 || error.status === 403) return 'refused';
  if (error.status === 404 && error.code === 'camera_not_found') return 'refused';
  if (error.status === 0 || error.status === 503 || error.code === 'no_picture') return 'offline';
  return 'blocked';
}

export function makeVideo(stage: HTMLElement): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.disableRemotePlayback = true;
  stage.append(video);
  return video;
}

export function dropVideo(video: HTMLVideoElement): void {
  video.pause();
  video.srcObject = null;
  video.removeAttribute('src');
  video.load();
  video.remove();
}

/** Starts playing; a browser that refuses (hidden page, no gesture) starts later by itself. */
export function play(video: HTMLVideoElement): void {
  video.play().catch(() => undefined);
}

/** Calls `silent` when `seen` was not called for `limitMs`; a hidden page does not count, browsers pause pictures there. */
export class SilenceWatch {
  #last = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limitMs: number, silent: () => void) {
    this.#timer = setInterval(() => {
      if (document.hidden) this.#last = performance.now();
      else if (performance.now() - this.#last > limitMs) silent();
    }, 1000);
  }

  seen(): void {
    this.#last = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

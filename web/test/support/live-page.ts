import { openMse } from '../../src/player/mse.ts';
import { openWebRtc } from '../../src/player/webrtc.ts';
import type { Transport, TransportOptions } from '../../src/player/transport.ts';

/** What the page of the tests can do: the console's own players, with every shown frame noted. */

interface Shown {
  /** Milliseconds of the page's clock. */
  readonly at: number;
  readonly video: number;
  readonly rtp: number | undefined;
  readonly media: number;
}

interface Opened {
  readonly transport: Transport;
  readonly startedAt: number;
  readonly shown: Shown[];
  firstMs: number | null;
  failure: string | null;
}

const videos: HTMLVideoElement[] = [];
let current: Shown[] = [];
const original = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
  const shown = current;
  if (!videos.includes(this)) videos.push(this);
  return original.call(this, (now, metadata) => {
    shown.push({
      at: performance.now(),
      video: videos.indexOf(this),
      rtp: metadata.rtpTimestamp,
      media: metadata.mediaTime,
    });
    callback(now, metadata);
  });
};

let opened: Opened | null = null;

function open(kind: 'webrtc' | 'mse', camera: string, stream: 'main' | 'sub', audio: boolean): void {
  close();
  const stage = document.createElement('div');
  document.body.replaceChildren(stage);
  videos.length = 0;
  current = [];
  const startedAt = performance.now();
  const options: TransportOptions = {
    camera,
    stream,
    audio,
    stage,
    onPicture: () => {
      if (opened) opened.firstMs = performance.now() - startedAt;
    },
    onFailed: (failure) => {
      if (opened) opened.failure = failure;
    },
  };
  const transport = kind === 'webrtc' ? openWebRtc(options) : openMse(options);
  opened = { transport, startedAt, shown: current, firstMs: null, failure: null };
}

function close(): void {
  opened?.transport.close();
  opened = null;
}

function state() {
  const video = opened?.transport.picture();
  return {
    firstMs: opened?.firstMs ?? null,
    failure: opened?.failure ?? null,
    startedAt: opened?.startedAt ?? 0,
    shown: opened?.shown ?? [],
    videos: videos.length,
    width: video instanceof HTMLVideoElement ? video.videoWidth : 0,
    currentTime: video instanceof HTMLVideoElement ? video.currentTime : 0,
    /** Bytes of sound that the player decoded so far; Chromium's own count. */
    audioBytes:
      video instanceof HTMLVideoElement
        ? ((video as unknown as { webkitAudioDecodedByteCount?: number }).webkitAudioDecodedByteCount ?? 0)
        : 0,
    total: video instanceof HTMLVideoElement ? video.getVideoPlaybackQuality().totalVideoFrames : 0,
  };
}

/** What any WHEP player does, to the end of `forMs` milliseconds. */
async function whep(camera: string, forMs: number) {
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  const startedAt = performance.now();
  const connection = new RTCPeerConnection();
  connection.addTransceiver('video', { direction: 'recvonly' });
  connection.addTransceiver('audio', { direction: 'recvonly' });
  const stream = new MediaStream();
  connection.ontrack = ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream;
    void video.play().catch(() => undefined);
  };
  const shown: number[] = [];
  const frame = (): void => {
    shown.push(performance.now() - startedAt);
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
  await connection.setLocalDescription(await connection.createOffer());
  const response = await fetch(`/api/v1/cameras/${camera}/whep`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: connection.localDescription?.sdp ?? '',
  });
  const text = await response.text();
  if (response.status !== 201)
    return { status: response.status, code: (JSON.parse(text) as { code: string }).code };
  await connection.setRemoteDescription({ type: 'answer', sdp: text });
  await new Promise((resolve) => setTimeout(resolve, forMs));
  const inbound: Record<string, unknown> = {};
  for (const report of (await connection.getStats()).values() as Iterable<Record<string, unknown>>) {
    if (report['type'] === 'inbound-rtp') inbound[String(report['kind'])] = report;
  }
  await fetch(response.headers.get('location') ?? '', { method: 'DELETE' });
  connection.close();
  return { status: 201, shown, inbound };
}

Object.assign(window, { live: { open, close, state, whep } });

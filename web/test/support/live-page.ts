import { openMse } from '../../src/player/mse.ts';
import { openWebRtc } from '../../src/player/webrtc.ts';
import type { PageState, ShownFrame, WhepSeen } from '../../../test/support/browser/page-types.ts';
import type { Transport, TransportOptions } from '../../src/player/transport.ts';

/** What the page of the tests can do: the console's own players, with every shown frame noted. */

interface Opened {
  readonly transport: Transport;
  readonly shown: ShownFrame[];
  firstMs: number | null;
  failure: string | null;
}

const videos: HTMLVideoElement[] = [];
let current: ShownFrame[] = [];
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its element below
const original = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
  const shown = current;
  if (!videos.includes(this)) videos.push(this);
  return original.call(this, (now, metadata) => {
    shown.push({
      at: performance.now(),
      video: videos.indexOf(this),
      rtp: metadata.rtpTimestamp,
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
  opened = { transport, shown: current, firstMs: null, failure: null };
}

function close(): void {
  opened?.transport.close();
  opened = null;
}

function state(): PageState {
  const video = opened?.transport.picture();
  return {
    firstMs: opened?.firstMs ?? null,
    failure: opened?.failure ?? null,
    shown: opened?.shown ?? [],
    videos: videos.length,
    width: video instanceof HTMLVideoElement ? video.videoWidth : 0,
    audioBytes:
      video instanceof HTMLVideoElement
        ? ((video as unknown as { webkitAudioDecodedByteCount?: number }).webkitAudioDecodedByteCount ?? 0)
        : 0,
  };
}

/** Calls back for the loudest frequency (Hz) of a stream and how loud it is (decibel); null without sound. */
function listen(context: AudioContext, stream: MediaStream): () => { hertz: number; decibel: number } | null {
  if (stream.getAudioTracks().length === 0) return () => null;
  const analyser = context.createAnalyser();
  analyser.fftSize = 4096;
  context.createMediaStreamSource(stream).connect(analyser);
  return () => {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return { hertz: (loudest * context.sampleRate) / analyser.fftSize, decibel: bins[loudest] ?? -Infinity };
  };
}

/** What any WHEP player does, to the end of `forMs` milliseconds. */
async function whep(camera: string, forMs: number): Promise<WhepSeen> {
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
  const context = new AudioContext();
  const ear = listen(context, stream);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  const heard = ear();
  await context.close();
  const inbound: Record<string, { packetsReceived: number }> = {};
  for (const report of (await connection.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
    if (report.type === 'inbound-rtp') inbound[report.kind] = { packetsReceived: 0, ...report };
  }
  await fetch(response.headers.get('location') ?? '', { method: 'DELETE' });
  connection.close();
  return { status: 201, shown, inbound, heard };
}

Object.assign(window, { live: { open, close, state, whep } });

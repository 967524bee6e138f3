import type { ProbeResult } from '../contracts/entities.ts';
import type { AudioTrack, SourceError, Track, VideoTrack } from './types.ts';

/** What a visit to a camera has shown. */
export interface Findings {
  /** Milliseconds from the beginning until the camera had described itself; null when it never did. */
  readonly describedMs: number | null;
  readonly firstKeyFrameMs: number | null;
  readonly tracks: readonly Track[];
  /** Sentences about tracks that are not used. */
  readonly notes: readonly string[];
  /** Pictures from the first up to but without the second key frame, when that came. */
  readonly pictures: number;
  /** Of these pictures and their sound. */
  readonly bytes: number;
  readonly spanMs: number;
  /** Times of the key frames, milliseconds. */
  readonly keyTimes: readonly number[];
  /** How long was read. */
  readonly readMs: number;
}

type ProbedVideo = NonNullable<ProbeResult['video']>;

const LONG_GOP_SECONDS = 5;
/** Shorter spans say nothing about rates. */
const LEAST_SPAN_MS = 400;
const NAMES = {
  h264: 'H.264',
  h265: 'H.265',
  aac: 'AAC',
  pcma: 'G.711 A-law',
  pcmu: 'G.711 µ-law',
  opus: 'Opus',
} as const;

/** @param error why the visit ended; undefined when enough was seen or the time was up */
export function describeFindings(findings: Findings, error?: SourceError): ProbeResult {
  const video = findings.tracks.find((track) => track.kind === 'video');
  const audio = findings.tracks.find((track) => track.kind === 'audio');
  const probed = video === undefined ? null : probedVideo(video, findings);
  const code = error?.code ?? missing(findings);
  return {
    ok: code === null,
    code,
    messages: [
      ...(error === undefined ? missingMessage(code, findings) : [error.message]),
      ...(probed === null || video === undefined ? [] : videoMessages(video, probed, findings)),
      ...(video === undefined ? [] : audioMessages(audio, findings.notes)),
    ],
    connectMs: findings.describedMs,
    firstKeyFrameMs: findings.firstKeyFrameMs,
    video: probed,
    audio:
      audio === undefined
        ? null
        : { codec: audio.codec, sampleRate: audio.sampleRate, channels: audio.channels },
  };
}

function missing({ describedMs, firstKeyFrameMs }: Findings): string | null {
  if (describedMs === null) return 'open_timeout';
  return firstKeyFrameMs === null ? 'no_media' : null;
}

function missingMessage(code: string | null, { readMs, pictures }: Findings): string[] {
  if (code === 'open_timeout') return ['The camera did not answer in time.'];
  if (code !== 'no_media') return [];
  const seconds = String(Math.round(readMs / 1000));
  return [
    pictures > 0
      ? `No key frame came within ${seconds} s: set the key-frame interval of the camera to 1 or 2 s.`
      : `The camera agreed to play, but sent no picture within ${seconds} s.`,
  ];
}

function probedVideo(video: VideoTrack, findings: Findings): ProbedVideo {
  const { spanMs, pictures, bytes, keyTimes } = findings;
  const [first, second] = keyTimes;
  const measured = spanMs >= LEAST_SPAN_MS;
  const intervals = second === undefined ? pictures - 1 : pictures;
  return {
    codec: video.codec,
    codecString: video.codecString,
    width: video.width,
    height: video.height,
    fps: frameRate(video.fps, measured ? round((intervals * 1000) / spanMs, 1) : undefined),
    kbps: measured ? Math.round((bytes * 8) / spanMs) : null,
    gopSeconds: first === undefined || second === undefined ? null : round((second - first) / 1000, 2),
    reorders: video.reorders,
  };
}

/** What the camera declares, unless what it sends is clearly another rate. */
function frameRate(declared: number | undefined, measured: number | undefined): number | null {
  if (declared === undefined || measured === undefined) return declared ?? measured ?? null;
  return Math.abs(measured - declared) > 0.1 * declared ? measured : declared;
}

function videoMessages(video: VideoTrack, probed: ProbedVideo, findings: Findings): string[] {
  const { width, height, fps, kbps, gopSeconds } = probed;
  const parts = [
    `${NAMES[video.codec]}, ${String(width)}x${String(height)}`,
    ...(fps === null ? [] : [`${String(fps)} pictures a second`]),
    ...(kbps === null ? [] : [`${String(kbps)} kbit/s`]),
    ...(gopSeconds === null ? [] : [`a key frame every ${String(gopSeconds)} s`]),
  ];
  return [`Found: ${parts.join(', ')}.`, ...viewingMessages(video), ...gopMessages(probed, findings)];
}

function viewingMessages(video: VideoTrack): string[] {
  if (video.codec === 'h265') {
    return [
      'H.265 is recorded as it is; live it is shown by MSE, in browsers that can decode it. H.264 plays everywhere.',
    ];
  }
  return video.reorders
    ? [
        'The stream has B-frames: live it is shown by MSE instead of WebRTC, somewhat later. Turn B-frames off to see it at once.',
      ]
    : [];
}

function gopMessages({ gopSeconds }: ProbedVideo, { firstKeyFrameMs, keyTimes, readMs }: Findings): string[] {
  if (firstKeyFrameMs === null) return [];
  const advice =
    'set the key-frame interval of the camera to 1 or 2 s, so that pictures start and seek faster.';
  if (gopSeconds === null && keyTimes.length < 2) {
    const seconds = String(Math.floor(readMs / 1000));
    return readMs < LONG_GOP_SECONDS * 1000
      ? []
      : [`No second key frame came within ${seconds} s: ${advice}`];
  }
  return gopSeconds !== null && gopSeconds > LONG_GOP_SECONDS ? [`Key frames are far apart: ${advice}`] : [];
}

function audioMessages(audio: AudioTrack | undefined, notes: readonly string[]): string[] {
  if (audio === undefined) return notes.length > 0 ? [...notes] : ['There is no sound.'];
  const channels =
    audio.channels === 1 ? 'mono' : audio.channels === 2 ? 'stereo' : `${String(audio.channels)} channels`;
  const sound = `Sound: ${NAMES[audio.codec]}, ${String(audio.sampleRate / 1000)} kHz, ${channels}`;
  const converted = audio.codec === 'pcma' || audio.codec === 'pcmu';
  return [converted ? `${sound}; it will be recorded as AAC.` : `${sound}.`, ...notes];
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

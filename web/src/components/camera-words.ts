import type { CameraState, CameraStatus, StreamStatus } from '../../../src/contracts/entities.ts';

const WORDS: Record<CameraState, string> = {
  live: 'Live',
  connecting: 'Connecting to the camera',
  idle: 'Waiting to connect',
  stalled: 'The camera is connected but sends no pictures',
  unauthorized: 'The camera refuses the user name or password',
  failed: 'The camera cannot be reached',
  disabled: 'This camera is switched off',
};

/** What the camera does, in words: its own message, or what its state means. */
export const cameraWords = (status: CameraStatus): string => status.message ?? WORDS[status.state];

const CODECS: Record<string, string> = {
  h264: 'H.264',
  h265: 'H.265',
  aac: 'AAC',
  opus: 'Opus',
  pcma: 'G.711 A-law',
  pcmu: 'G.711 µ-law',
};

/** The name of a codec as people write it; itself when there is none. */
export const codecName = (codec: string): string => CODECS[codec] ?? codec;

/** As in "H.264 1920×1080, 25 fps, 4.1 Mbps". */
export function streamWords({ codec, width, height, fps, kbps }: StreamStatus): string {
  const rate = kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbps` : `${Math.round(kbps)} kbps`;
  return `${codecName(codec)} ${width}×${height}, ${fps.toFixed(0)} fps, ${rate}`;
}

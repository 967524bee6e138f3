import type { ProbeResult } from '../../../../src/contracts/entities.ts';
import { codecName } from '../../components/camera-words.ts';

const decimal = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

/** What was measured, in short pieces. */
export function probeFacts({ video, audio, connectMs, firstKeyFrameMs }: ProbeResult): string[] {
  const facts: string[] = [];
  if (video) {
    facts.push(`${codecName(video.codec)} ${video.width}×${video.height}`);
    if (video.fps !== null) facts.push(`${decimal(video.fps)} pictures per second`);
    if (video.kbps !== null) facts.push(`${decimal(video.kbps / 1000)} Mbps`);
    if (video.gopSeconds !== null) facts.push(`a key frame every ${decimal(video.gopSeconds)} s`);
    if (video.reorders) facts.push('B-frames: live by MSE, not by WebRTC');
  }
  if (audio) facts.push(`sound ${codecName(audio.codec)} ${decimal(audio.sampleRate / 1000)} kHz`);
  if (connectMs !== null) facts.push(`connected in ${Math.round(connectMs)} ms`);
  if (firstKeyFrameMs !== null) facts.push(`first picture after ${Math.round(firstKeyFrameMs)} ms`);
  return facts;
}

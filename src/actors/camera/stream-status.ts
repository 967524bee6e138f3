import type { StreamStatus } from '../../contracts/entities.ts';
import type { Hub } from '../../media/hub/hub.ts';

/** A stream that was silent for longer has no rate, whatever was measured before. */
const SILENT_MS = 5_000;

/**
 * What a stream is and how it fares; undefined before anything is known about it.
 *
 * @param lost RTP packets that never came
 */
export function streamStatus(hub: Hub, lost: number): StreamStatus | undefined {
  const video = hub.header?.tracks.find((track) => track.kind === 'video');
  const audio = hub.header?.tracks.find((track) => track.kind === 'audio');
  if (video === undefined) return undefined;
  const stats = hub.stats;
  const flows = hub.live && stats.lastPacketAgeMs < SILENT_MS;
  return {
    codec: video.codec,
    audio: audio?.codec ?? null,
    width: video.width,
    height: video.height,
    fps: flows ? stats.fps || (video.fps ?? 0) : 0,
    kbps: flows ? stats.kbps : 0,
    readers: stats.readers,
    drops: stats.drops,
    lost,
    lastPacketAgeMs: Number.isFinite(stats.lastPacketAgeMs) ? Math.round(stats.lastPacketAgeMs) : null,
    webrtc: video.codec === 'h264' && !video.reorders,
  };
}

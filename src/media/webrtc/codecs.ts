import type { types } from 'mediasoup';
import type { AudioTrack, VideoTrack } from '../types.ts';
import type { OfferedCodec, OfferedMedia } from './sdp-offer.ts';

export type AudioName = 'opus' | 'PCMA' | 'PCMU';

/** How one kind of media is labelled to a viewer. */
export interface VideoChoice {
  /** The viewer's own payload type; mediasoup's when absent. */
  readonly payloadType?: number;
  /** profile-level-id (RFC 6184). */
  readonly profile: string;
}

export interface AudioChoice {
  readonly payloadType?: number;
  readonly name: AudioName;
}

/** Browsers that refuse High, play a High stream under this name (Main, level 3.1). */
const COMMON_PROFILE = '4d001f';
/** High, Main, Baseline: the more it may contain, the better. */
const PROFILE_ORDER = ['64', '4d', '42'];

export const NATIVE_VIDEO: VideoChoice = { profile: COMMON_PROFILE };

/** What a viewer gets for a camera's sound: G.711 as it is, everything else as Opus. */
export function audioName(track: AudioTrack): AudioName {
  if (track.codec === 'pcma') return 'PCMA';
  return track.codec === 'pcmu' ? 'PCMU' : 'opus';
}

/** The H.264 of the offer that describes the track best; undefined when the viewer takes no H.264. */
export function chooseVideo(media: OfferedMedia, track: VideoTrack): OfferedCodec | undefined {
  const own = /^avc[13]\.([0-9a-f]{2})/i.exec(track.codecString)?.[1]?.toLowerCase() ?? '';
  const order = [own, ...PROFILE_ORDER];
  const rank = (codec: OfferedCodec): number => order.indexOf(profileOf(codec).slice(0, 2));
  return media.codecs
    .filter((codec) => codec.name.toUpperCase() === 'H264' && codec.parameters['packetization-mode'] === 1)
    .filter((codec) => rank(codec) >= 0)
    .sort((one, other) => rank(one) - rank(other))[0];
}

export function chooseAudio(media: OfferedMedia, name: AudioName): OfferedCodec | undefined {
  return media.codecs.find((codec) => codec.name.toLowerCase() === name.toLowerCase());
}

/** RFC 6184 section 8.1: without one it is Baseline, level 1. */
export function profileOf(codec: OfferedCodec): string {
  const profile = codec.parameters['profile-level-id'];
  return profile === undefined ? '42000a' : String(profile).toLowerCase();
}

/** What a router is told before a producer is made: payload types belong to it, so they are set per viewer. */
export function routerCodecs(
  video: VideoChoice = NATIVE_VIDEO,
  audio?: AudioChoice,
): types.RouterRtpCodecCapability[] {
  const chosen = (name: AudioName): { preferredPayloadType?: number } =>
    audio?.name === name && audio.payloadType !== undefined
      ? { preferredPayloadType: audio.payloadType }
      : {};
  return [
    {
      kind: 'video',
      mimeType: 'video/H264',
      clockRate: 90_000,
      parameters: h264Parameters(video.profile),
      ...(video.payloadType === undefined ? {} : { preferredPayloadType: video.payloadType }),
    },
    { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, ...chosen('opus') },
    { kind: 'audio', mimeType: 'audio/PCMA', clockRate: 8_000, preferredPayloadType: 8, ...chosen('PCMA') },
    { kind: 'audio', mimeType: 'audio/PCMU', clockRate: 8_000, preferredPayloadType: 0, ...chosen('PCMU') },
  ];
}

/** The codec of a producer of ours. No feedback: a camera cannot be asked for a key frame. */
export function producerCodec(choice: VideoChoice | AudioChoice): types.RtpCodecParameters {
  if ('profile' in choice) {
    return {
      mimeType: 'video/H264',
      payloadType: 96,
      clockRate: 90_000,
      parameters: h264Parameters(choice.profile),
      rtcpFeedback: [],
    };
  }
  if (choice.name === 'opus') {
    return {
      mimeType: 'audio/opus',
      payloadType: 111,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1 },
    };
  }
  return {
    mimeType: `audio/${choice.name}`,
    payloadType: choice.name === 'PCMA' ? 8 : 0,
    clockRate: 8_000,
    channels: 1,
  };
}

/**
 * The viewer's capabilities for one choice. RTX and header extensions are left out, because their numbers could not
 * be the offer's.
 */
export function viewerCapabilities(codecs: readonly OfferedCodec[]): types.RtpCapabilities {
  return {
    codecs: codecs.map((codec) => ({
      kind: codec.kind,
      mimeType: `${codec.kind}/${codec.name}`,
      preferredPayloadType: codec.payloadType,
      clockRate: codec.clockRate,
      ...(codec.kind === 'audio' ? { channels: codec.channels } : {}),
      parameters: codec.parameters,
      rtcpFeedback: [...codec.rtcpFeedback],
    })),
    headerExtensions: [],
  };
}

const h264Parameters = (profile: string): Record<string, string | number> => ({
  'packetization-mode': 1,
  'profile-level-id': profile,
  'level-asymmetry-allowed': 1,
});

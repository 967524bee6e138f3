import { parseAacConfig } from '../../codec/aac.ts';
import { isComplete, makeAacTrack, makeG711Track, type ParameterSets } from '../../codec/tracks.ts';
import { type AudioTrack, SourceError, type VideoCodec } from '../../types.ts';
import type { AudioFormat } from './audio.ts';
import { type Sdp, type SdpMedia, spropNals } from './sdp.ts';

export interface VideoChoice {
  readonly kind: 'video';
  readonly media: SdpMedia;
  readonly codec: VideoCodec;
  readonly sets: ParameterSets;
}

export interface AudioChoice {
  readonly kind: 'audio';
  readonly media: SdpMedia;
  readonly track: AudioTrack;
  /** For AAC. */
  readonly format?: AudioFormat;
  readonly frameTicks: number;
}

export interface Choice {
  readonly video: VideoChoice;
  readonly audio?: AudioChoice;
  /** Sentences about what is not used and why. */
  readonly notes: readonly string[];
}

/**
 * Picks one video and one audio track from a description.
 *
 * @throws SourceError `no_media` or `unsupported_codec`
 */
export function chooseTracks(sdp: Sdp): Choice {
  const offered = sdp.media.filter((media) => !media.backchannel);
  const videos = offered.filter((media) => media.kind === 'video');
  if (videos.length === 0) {
    throw new SourceError('no_media', 'The camera describes no video at this address.');
  }
  const video = videos.map(chooseVideo).find((choice) => choice !== undefined);
  if (video === undefined) {
    const names = videos.map((media) => media.encoding || 'an unnamed codec').join(', ');
    throw new SourceError(
      'unsupported_codec',
      `The camera sends ${names}. Set it to H.264 or H.265: other video codecs are not supported.`,
    );
  }
  return { video, ...chooseAudio(offered.filter((media) => media.kind === 'audio')) };
}

function chooseVideo(media: SdpMedia): VideoChoice | undefined {
  if (media.encoding === 'H264') {
    const nals = spropNals(media, 'sprop-parameter-sets');
    const ofType = (type: number) => nals.filter((nal) => ((nal[0] ?? 0) & 31) === type);
    return videoChoice(media, 'h264', { vps: [], sps: ofType(7), pps: ofType(8) });
  }
  if (media.encoding === 'H265' || media.encoding === 'HEVC') {
    return videoChoice(media, 'h265', {
      vps: spropNals(media, 'sprop-vps'),
      sps: spropNals(media, 'sprop-sps'),
      pps: spropNals(media, 'sprop-pps'),
    });
  }
  return undefined;
}

function videoChoice(media: SdpMedia, codec: VideoCodec, sets: ParameterSets): VideoChoice {
  const usable = isComplete(codec, sets) ? sets : { vps: [], sps: [], pps: [] };
  return { kind: 'video', media, codec, sets: usable };
}

function chooseAudio(offered: readonly SdpMedia[]): { audio?: AudioChoice; notes: string[] } {
  const notes: string[] = [];
  for (const media of offered) {
    const audio = audioChoice(media);
    if (typeof audio !== 'string') return { audio, notes };
    notes.push(audio);
  }
  return { notes };
}

/** The choice, or why not. */
function audioChoice(media: SdpMedia): AudioChoice | string {
  const { encoding } = media;
  if (encoding === 'PCMA' || encoding === 'PCMU') {
    const track = makeG711Track(encoding === 'PCMA' ? 'pcma' : 'pcmu', media.clockRate, media.channels);
    return { kind: 'audio', media, track, frameTicks: 0 };
  }
  if (encoding !== 'MPEG4-GENERIC')
    return `The sound (${encoding || 'an unnamed codec'}) is not used: only AAC and G.711 are.`;
  try {
    return aacChoice(media);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `The sound is not used: its AAC configuration cannot be read (${error.message}).`;
  }
}

function aacChoice(media: SdpMedia): AudioChoice {
  const config = Buffer.from(media.format.get('config') ?? '', 'hex');
  const { sampleRate, frameLength } = parseAacConfig(config);
  const number = (name: string, otherwise: number) => {
    const value = Number(media.format.get(name) ?? otherwise);
    if (!Number.isInteger(value) || value < 0 || value > 24) throw new RangeError(`impossible ${name}`);
    return value;
  };
  const sizeLength = number('sizelength', 13);
  if (sizeLength === 0) throw new RangeError('no size of frames');
  return {
    kind: 'audio',
    media,
    track: makeAacTrack(config, media.clockRate),
    format: {
      sizeLength,
      indexLength: number('indexlength', 3),
      indexDeltaLength: number('indexdeltalength', 3),
    },
    frameTicks: Math.round((frameLength * media.clockRate) / sampleRate),
  };
}

import type { AudioTrack, Track, VideoTrack } from '../types.ts';
import { box, descriptor, fullBox, u16, u32, u8 } from './boxes.ts';
import { h264ColourFormat, h265Fields } from './parameter-sets.ts';

/** True when fragments can carry the track. G.711 has no place in MP4 that browsers would play. */
export const isStorable = (track: Track): boolean => track.codec !== 'pcma' && track.codec !== 'pcmu';

/**
 * The sample entry of a track: avc1 and hvc1 (ISO/IEC 14496-15), mp4a (ISO/IEC 14496-14) or Opus (Encapsulation of
 * Opus in ISO BMFF).
 * @throws RangeError for a codec that `isStorable` refuses, or video without parameter sets
 */
export function sampleEntry(track: Track): Buffer {
  return track.kind === 'video' ? videoEntry(track) : audioEntry(track);
}

function videoEntry(track: VideoTrack): Buffer {
  const configuration = track.codec === 'h264' ? box('avcC', avcC(track)) : box('hvcC', hvcC(track));
  return box(
    track.codec === 'h264' ? 'avc1' : 'hvc1',
    u16(0, 0, 0, 1),
    Buffer.alloc(16),
    u16(track.width, track.height),
    u32(0x00480000, 0x00480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(0x0018, 0xffff),
    configuration,
  );
}

const withLength = (nal: Buffer): Buffer => Buffer.concat([u16(nal.length), nal]);

/**
 * AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.
 * @throws RangeError without SPS
 */
export function avcC(track: Pick<VideoTrack, 'sps' | 'pps'>): Buffer {
  const sps = track.sps[0];
  if (sps === undefined || sps.length < 4) throw new RangeError('H.264 track without SPS');
  const parts = [
    u8(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe0 | track.sps.length),
    ...track.sps.map(withLength),
    u8(track.pps.length),
    ...track.pps.map(withLength),
  ];
  const format = h264ColourFormat(sps);
  if (format !== undefined) {
    parts.push(u8(0xfc | format.chroma, 0xf8 | (format.lumaBits - 8), 0xf8 | (format.chromaBits - 8), 0));
  }
  return Buffer.concat(parts);
}

/**
 * HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 8.3.3.
 * @throws RangeError without SPS
 */
export function hvcC(track: Pick<VideoTrack, 'vps' | 'sps' | 'pps'>): Buffer {
  const sps = track.sps[0];
  if (sps === undefined || sps.length < 15) throw new RangeError('H.265 track without SPS');
  const fields = h265Fields(sps);
  const sets: readonly (readonly [number, readonly Buffer[]])[] = [
    [32, track.vps],
    [33, track.sps],
    [34, track.pps],
  ];
  const arrays = sets.filter(([, nals]) => nals.length > 0);
  return Buffer.concat([
    u8(1),
    fields.profileTierLevel,
    u16(0xf000),
    u8(0xfc, 0xfc | fields.chroma, 0xf8 | (fields.lumaBits - 8), 0xf8 | (fields.chromaBits - 8)),
    u16(0),
    u8((fields.temporalLayers << 3) | (fields.temporalIdNested ? 4 : 0) | 3),
    u8(arrays.length),
    ...arrays.flatMap(([type, nals]) => [u8(0x80 | type), u16(nals.length), ...nals.map(withLength)]),
  ]);
}

function audioEntry(track: AudioTrack): Buffer {
  if (!isStorable(track)) throw new RangeError(`${track.codec} cannot be stored in MP4`);
  return box(
    track.codec === 'aac' ? 'mp4a' : 'Opus',
    u16(0, 0, 0, 1),
    u32(0, 0),
    u16(track.channels, 16, 0, 0),
    // 16.16 fixed point; higher rates do not fit and stand in the configuration.
    u32(track.sampleRate > 0xffff ? 0 : track.sampleRate * 0x10000),
    track.codec === 'aac' ? esds(track) : dOps(track),
  );
}

function esds(track: AudioTrack): Buffer {
  const decoder = descriptor(4, u8(0x40, 0x15, 0, 0, 0), u32(0, 0), descriptor(5, track.config));
  return fullBox('esds', 0, 0, descriptor(3, u16(1), u8(0), decoder, descriptor(6, u8(2))));
}

const dOps = (track: AudioTrack): Buffer =>
  box('dOps', u8(0, track.channels), u16(312), u32(track.sampleRate), u16(0), u8(0));

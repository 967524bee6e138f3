import type { StreamHeader, Track } from '../types.ts';
import { box, fullBox, u16, u32 } from './boxes.ts';
import { isStorable, sampleEntry } from './sample-entries.ts';

export interface InitTrack {
  /** Index in the header's tracks. */
  readonly index: number;
  /** In the file: 1 for video when there is video, then audio. */
  readonly trackId: number;
  readonly timescale: number;
  readonly kind: Track['kind'];
}

/** ftyp and moov, the beginning of every segment and of every MSE stream. */
export interface InitSegment {
  readonly session: number;
  readonly generation: number;
  readonly data: Buffer;
  /** For MSE: `video/mp4; codecs="avc1.4d001f,mp4a.40.2"`. */
  readonly mimeType: string;
  readonly codecs: string;
  readonly tracks: readonly InitTrack[];
  /** Those of the header, in the order of `tracks`. */
  readonly source: readonly Track[];
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/**
 * Tracks that MP4 cannot carry (G.711) are left out.
 * @returns undefined when nothing is left
 * @throws RangeError when the parameter sets are missing
 */
export function buildInitSegment(header: StreamHeader): InitSegment | undefined {
  const source = header.tracks.filter(isStorable);
  if (source.length === 0) return undefined;
  const tracks = source.map((track, at): InitTrack => ({
    index: header.tracks.indexOf(track),
    trackId: at + 1,
    timescale: track.timebase,
    kind: track.kind,
  }));
  const codecs = source.map((track) => track.codecString).join(',');
  const kind = source.some((track) => track.kind === 'video') ? 'video' : 'audio';
  return {
    session: header.session,
    generation: header.generation,
    data: Buffer.concat([ftyp(), moov(source)]),
    mimeType: `${kind}/mp4; codecs="${codecs}"`,
    codecs,
    tracks,
    source,
  };
}

const ftyp = (): Buffer => box('ftyp', Buffer.from('iso6'), u32(1), Buffer.from('iso6mp41cmfc'));

/** A moov without samples, ISO/IEC 14496-12 8.2.1; track ids count from 1. */
export function moov(tracks: readonly Track[]): Buffer {
  const header = [u32(0, 0, 1000, 0, 0x10000), u16(0x100, 0), u32(0, 0), MATRIX, Buffer.alloc(24)];
  return box(
    'moov',
    fullBox('mvhd', 0, 0, ...header, u32(tracks.length + 1)),
    ...tracks.map((track, index) => trak(track, index + 1)),
    box('mvex', ...tracks.map((_, index) => fullBox('trex', 0, 0, u32(index + 1, 1, 0, 0, 0)))),
  );
}

function trak(track: Track, trackId: number): Buffer {
  const video = track.kind === 'video' ? track : undefined;
  const tkhd = fullBox(
    'tkhd',
    0,
    7,
    u32(0, 0, trackId, 0, 0, 0, 0),
    u16(0, 0, video ? 0 : 0x100, 0),
    MATRIX,
    u32((video?.width ?? 0) * 0x10000, (video?.height ?? 0) * 0x10000),
  );
  const handler = video ? 'vide' : 'soun';
  const mdia = box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, track.timebase, 0), u16(0x55c4, 0)),
    fullBox('hdlr', 0, 0, u32(0), Buffer.from(handler), u32(0, 0, 0), Buffer.from(`${handler}\0`)),
    box(
      'minf',
      video ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u16(0, 0)),
      dinf(),
      stbl(track),
    ),
  );
  return box('trak', tkhd, mdia);
}

const dinf = (): Buffer => box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));

const stbl = (track: Track): Buffer =>
  box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry(track)),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );

import { boxesIn, type BoxPlace, findBox } from './box-walker.ts';

/** A track of a segment file, as its `moov` describes it. */
export interface SegmentTrack {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  /** Ticks per second. */
  readonly timescale: number;
  /** The sample entry box as it stands in `stsd` (ISO/IEC 14496-12, 8.5.2); equal bytes mean equal parameters. */
  readonly entry: Buffer;
  /** 16.16 fixed point, of `tkhd`; 0 for audio. */
  readonly width: number;
  readonly height: number;
  /** Of `trex`. */
  readonly defaults: SampleDefaults;
}

export interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** A segment file that cannot be read as fragmented MP4. */
export class SegmentFormatError extends Error {
  override readonly name = 'SegmentFormatError';
}

/**
 * The video and audio tracks of a `moov` box.
 *
 * @param moov the whole box with its header
 * @throws SegmentFormatError when there is no track that makes sense
 */
export function readInit(moov: Buffer): SegmentTrack[] {
  const outer = findBox(moov, ['moov']);
  if (outer === undefined) throw new SegmentFormatError('no moov box');
  const defaults = readDefaults(moov, outer);
  const tracks: SegmentTrack[] = [];
  for (const box of inside(moov, outer)) {
    if (box.type !== 'trak') continue;
    const track = readTrack(moov, box, defaults);
    if (track !== undefined && !tracks.some((other) => other.kind === track.kind)) tracks.push(track);
  }
  if (tracks.length === 0) throw new SegmentFormatError('no video or audio track');
  return tracks;
}

const inside = (data: Buffer, box: BoxPlace): Generator<BoxPlace> =>
  boxesIn(data, box.offset + box.headerSize, box.offset + box.size);

function content(data: Buffer, parent: BoxPlace, ...path: string[]): Buffer | undefined {
  const box = findBox(data, path, parent.offset + parent.headerSize, parent.offset + parent.size);
  return box && data.subarray(box.offset + box.headerSize, box.offset + box.size);
}

function readDefaults(moov: Buffer, outer: BoxPlace): Map<number, SampleDefaults> {
  const defaults = new Map<number, SampleDefaults>();
  const mvex = findBox(moov, ['mvex'], outer.offset + outer.headerSize, outer.offset + outer.size);
  if (mvex === undefined) return defaults;
  for (const box of inside(moov, mvex)) {
    if (box.type !== 'trex' || box.size < 32) continue;
    const at = box.offset + box.headerSize + 4;
    defaults.set(moov.readUInt32BE(at), {
      duration: moov.readUInt32BE(at + 8),
      size: moov.readUInt32BE(at + 12),
      flags: moov.readUInt32BE(at + 16),
    });
  }
  return defaults;
}

function readTrack(
  moov: Buffer,
  trak: BoxPlace,
  defaults: ReadonlyMap<number, SampleDefaults>,
): SegmentTrack | undefined {
  const tkhd = content(moov, trak, 'tkhd');
  const mdhd = content(moov, trak, 'mdia', 'mdhd');
  const handler = content(moov, trak, 'mdia', 'hdlr')?.toString('latin1', 8, 12);
  const stsd = content(moov, trak, 'mdia', 'minf', 'stbl', 'stsd');
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : undefined;
  if (kind === undefined || tkhd === undefined || mdhd === undefined || stsd === undefined) return undefined;
  const wideTkhd = tkhd[0] === 1;
  const timescaleAt = mdhd[0] === 1 ? 20 : 12;
  const tkhdSize = wideTkhd ? 96 : 84;
  const [entry] = boxesIn(stsd, 8);
  if (tkhd.length < tkhdSize || mdhd.length < timescaleAt + 4 || entry === undefined) return undefined;
  const trackId = tkhd.readUInt32BE(wideTkhd ? 20 : 12);
  const timescale = mdhd.readUInt32BE(timescaleAt);
  if (timescale === 0) return undefined;
  return {
    trackId,
    kind,
    timescale,
    entry: Buffer.from(stsd.subarray(entry.offset, entry.offset + entry.size)),
    width: tkhd.readUInt32BE(tkhdSize - 8),
    height: tkhd.readUInt32BE(tkhdSize - 4),
    defaults: defaults.get(trackId) ?? { duration: 0, size: 0, flags: 0 },
  };
}

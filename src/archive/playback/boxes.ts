import { box, fullBox, u16, u32, u64 } from '../../media/fmp4/boxes.ts';
import type { OutputTrack, PlacedRun } from './timeline.ts';

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const SECONDS_1904_TO_1970 = 2_082_844_800;

/** A box of 32-bit numbers behind its count; `more` comes between version and count. */
export function tableBox(type: string, version: number, values: ArrayLike<number>, width = 1): Buffer {
  const body = Buffer.allocUnsafe(4 + values.length * 4);
  body.writeUInt32BE(values.length / width, 0);
  for (let at = 0; at < values.length; at += 1) body.writeUInt32BE((values[at] ?? 0) >>> 0, 4 + at * 4);
  return fullBox(type, version, 0, body);
}

export interface MoovOptions {
  /** Milliseconds since 1970 of the first picture. */
  readonly createdAt: number;
  readonly seconds: number;
  /** Of each track, in their order. */
  readonly tables: readonly { readonly stbl: readonly Buffer[]; readonly edits?: Buffer }[];
  /** `mvex` when the samples come in fragments. */
  readonly mvex?: Buffer;
}

/** ISO/IEC 14496-12, 8.2. */
export function moovBox(tracks: readonly OutputTrack[], options: MoovOptions): Buffer {
  const created = Math.floor(options.createdAt / 1000) + SECONDS_1904_TO_1970;
  const stamp = created > 0 && created <= 0xffff_ffff ? created : 0;
  const duration = options.mvex === undefined ? Math.round(options.seconds * 1000) : 0;
  const traks = tracks.map((track, at) => {
    const table = options.tables[at] ?? { stbl: [] };
    return trakBox(track, stamp, duration, options.seconds, table, options.mvex !== undefined);
  });
  const rest = [u32(0x10000), u16(0x100, 0), u32(0, 0), MATRIX, Buffer.alloc(24), u32(tracks.length + 1)];
  const mvhd = fullBox('mvhd', 0, 0, u32(stamp, stamp, 1000, duration), ...rest);
  return box('moov', mvhd, ...traks, ...(options.mvex === undefined ? [] : [options.mvex]));
}

function trakBox(
  track: OutputTrack,
  stamp: number,
  duration: number,
  seconds: number,
  table: { readonly stbl: readonly Buffer[]; readonly edits?: Buffer },
  fragmented: boolean,
): Buffer {
  const video = track.kind === 'video';
  const tkhd = fullBox(
    'tkhd',
    0,
    7,
    u32(stamp, stamp, track.trackId, 0, duration, 0, 0),
    u16(0, 0, video ? 0 : 0x100, 0),
    MATRIX,
    u32(track.width, track.height),
  );
  const ticks = fragmented ? 0 : Math.round(seconds * track.timescale);
  const handler = video ? 'vide' : 'soun';
  const mdhd = fullBox(
    'mdhd',
    1,
    0,
    u64(stamp),
    u64(stamp),
    u32(track.timescale),
    u64(ticks),
    u16(0x55c4, 0),
  );
  const hdlr = fullBox(
    'hdlr',
    0,
    0,
    u32(0),
    Buffer.from(handler),
    u32(0, 0, 0),
    Buffer.from(`Sightmesh ${track.kind}\0`),
  );
  const header = video ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u16(0, 0));
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const stsd = fullBox('stsd', 0, 0, u32(track.entries.length), ...track.entries);
  const minf = box('minf', header, dinf, box('stbl', stsd, ...table.stbl));
  const edits = table.edits === undefined ? [] : [table.edits];
  return box('trak', tkhd, ...edits, box('mdia', mdhd, hdlr, minf));
}

/** Empty sample tables, for a file whose samples come in fragments. */
export const emptyTables = (): Buffer[] => [
  fullBox('stts', 0, 0, u32(0)),
  fullBox('stsc', 0, 0, u32(0)),
  fullBox('stsz', 0, 0, u32(0, 0)),
  fullBox('stco', 0, 0, u32(0)),
];

const KEY_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;
/** default-base-is-moof and sample-description-index-present. */
const TFHD_FLAGS = 0x020002;
/** Data offset, and of each sample duration, size, flags and composition offset. */
const TRUN_FLAGS = 0xf01;

/** moof and the header of the mdat behind it (ISO/IEC 14496-12, 8.8); the mdat holds the runs in their order. */
export function moofBoxes(sequence: number, runs: readonly (PlacedRun & { trackId: number })[]): Buffer {
  const trafBytes = (run: PlacedRun): number => 8 + 20 + 20 + 20 + run.times.length * 16;
  const moofSize = runs.reduce((sum, run) => sum + trafBytes(run), 8 + 16);
  const payload = runs.reduce((sum, run) => sum + run.bytes, 0);
  let dataOffset = moofSize + 8;
  const trafs = runs.map((run) => {
    const traf = box(
      'traf',
      fullBox('tfhd', 0, TFHD_FLAGS, u32(run.trackId, run.description)),
      fullBox('tfdt', 1, 0, u64(run.times[0] ?? 0)),
      trunBox(run, dataOffset),
    );
    dataOffset += run.bytes;
    return traf;
  });
  const mdat = Buffer.allocUnsafe(8);
  mdat.writeUInt32BE(8 + payload, 0);
  mdat.write('mdat', 4, 'latin1');
  return Buffer.concat([box('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...trafs), mdat]);
}

function trunBox(run: PlacedRun, dataOffset: number): Buffer {
  const count = run.times.length;
  const body = Buffer.allocUnsafe(8 + count * 16);
  let at = body.writeUInt32BE(count, 0);
  at = body.writeInt32BE(dataOffset, at);
  for (let index = 0; index < count; index += 1) {
    at = body.writeUInt32BE(durationAt(run, index), at);
    at = body.writeUInt32BE(run.sizes[index] ?? 0, at);
    at = body.writeUInt32BE(run.keys[index] === 1 ? KEY_SAMPLE : OTHER_SAMPLE, at);
    at = body.writeInt32BE(run.shifts[index] ?? 0, at);
  }
  return fullBox('trun', 1, TRUN_FLAGS, body);
}

/** Ticks from a sample to the next of its run; of the last, its own length. */
export function durationAt(run: PlacedRun, index: number): number {
  const next = run.times[index + 1];
  return next === undefined ? run.lastDuration : next - (run.times[index] ?? 0);
}

import { boxesIn, type BoxPlace, findBox } from './box-walker.ts';
import { type SampleDefaults, SegmentFormatError, type SegmentTrack } from './init-reader.ts';

/** Samples of one track that lie one behind the other in a file. */
export interface SampleRun {
  readonly kind: 'video' | 'audio';
  /** Of the first sample, ticks of the track. */
  readonly decodeTime: number;
  readonly count: number;
  /** Ticks. */
  readonly durations: Uint32Array;
  /** Bytes. */
  readonly sizes: Uint32Array;
  /** Presentation minus decoding time, ticks. */
  readonly shifts: Int32Array;
  /** 1 for a sample from which decoding can begin. */
  readonly keys: Uint8Array;
  /** Offset of the first sample in the file. */
  readonly position: number;
}

const NOT_SYNC = 0x10000;

/**
 * The runs of a `moof` (ISO/IEC 14496-12, 8.8.6 to 8.8.12) for the given tracks.
 *
 * @param moof the whole box with its header
 * @param offset where it begins in the file
 * @throws SegmentFormatError when its numbers do not fit its size
 */
export function readMoof(moof: Buffer, offset: number, tracks: readonly SegmentTrack[]): SampleRun[] {
  const outer = findBox(moof, ['moof']);
  if (outer === undefined) throw new SegmentFormatError('no moof box');
  const runs: SampleRun[] = [];
  let position = offset;
  for (const box of boxesIn(moof, outer.offset + outer.headerSize, outer.offset + outer.size)) {
    if (box.type !== 'traf') continue;
    position = readTraf(moof, box, { offset, position, tracks, runs });
  }
  return runs;
}

interface Reading {
  readonly offset: number;
  /** Behind the data of the run before, where data without an offset of its own begins. */
  readonly position: number;
  readonly tracks: readonly SegmentTrack[];
  readonly runs: SampleRun[];
}

function readTraf(moof: Buffer, traf: BoxPlace, reading: Reading): number {
  const from = traf.offset + traf.headerSize;
  const to = traf.offset + traf.size;
  const tfhd = findBox(moof, ['tfhd'], from, to);
  if (tfhd === undefined) throw new SegmentFormatError('traf without tfhd');
  const head = readTfhd(contentOf(moof, tfhd));
  const track = reading.tracks.find((candidate) => candidate.trackId === head.trackId);
  if (track === undefined) return reading.position;
  const defaults = {
    duration: head.duration ?? track.defaults.duration,
    size: head.size ?? track.defaults.size,
    flags: head.flags ?? track.defaults.flags,
  };
  const base = head.base ?? reading.offset;
  let decodeTime = readTfdt(moof, from, to);
  let { position } = reading;
  for (const box of boxesIn(moof, from, to)) {
    if (box.type !== 'trun') continue;
    const run = readTrun(contentOf(moof, box), { track, defaults, base, position, decodeTime });
    reading.runs.push(run);
    for (const duration of run.durations) decodeTime += duration;
    position = run.position;
    for (const size of run.sizes) position += size;
  }
  return position;
}

const contentOf = (data: Buffer, box: BoxPlace): Buffer =>
  data.subarray(box.offset + box.headerSize, box.offset + box.size);

/** Reads 32-bit fields one after the other and refuses to read past the end. */
class Fields {
  readonly #data: Buffer;
  #at = 0;
  constructor(data: Buffer) {
    this.#data = data;
  }
  get left(): number {
    return this.#data.length - this.#at;
  }
  u32(): number {
    if (this.left < 4) throw new SegmentFormatError('box too short');
    this.#at += 4;
    return this.#data.readUInt32BE(this.#at - 4);
  }
  i32(): number {
    return this.u32() | 0;
  }
  u64(): number {
    const value = this.u32() * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw new SegmentFormatError('number too large');
    return value;
  }
}

interface Tfhd extends Partial<SampleDefaults> {
  readonly trackId: number;
  readonly base?: number;
}

function readTfhd(content: Buffer): Tfhd {
  const fields = new Fields(content);
  const flags = fields.u32() & 0xff_ffff;
  const trackId = fields.u32();
  const base = (flags & 0x1) === 0 ? undefined : fields.u64();
  if ((flags & 0x2) !== 0) fields.u32();
  const duration = (flags & 0x8) === 0 ? undefined : fields.u32();
  const size = (flags & 0x10) === 0 ? undefined : fields.u32();
  const sampleFlags = (flags & 0x20) === 0 ? undefined : fields.u32();
  return {
    trackId,
    ...(base === undefined ? {} : { base }),
    ...(duration === undefined ? {} : { duration }),
    ...(size === undefined ? {} : { size }),
    ...(sampleFlags === undefined ? {} : { flags: sampleFlags }),
  };
}

function readTfdt(moof: Buffer, from: number, to: number): number {
  const tfdt = findBox(moof, ['tfdt'], from, to);
  if (tfdt === undefined) throw new SegmentFormatError('traf without tfdt');
  const fields = new Fields(contentOf(moof, tfdt));
  return fields.u32() >>> 24 === 1 ? fields.u64() : fields.u32();
}

interface RunPlace {
  readonly track: SegmentTrack;
  readonly defaults: SampleDefaults;
  readonly base: number;
  readonly position: number;
  readonly decodeTime: number;
}

function readTrun(content: Buffer, place: RunPlace): SampleRun {
  const fields = new Fields(content);
  const flags = fields.u32() & 0xff_ffff;
  const count = fields.u32();
  const position = (flags & 0x1) === 0 ? place.position : place.base + fields.i32();
  const firstFlags = (flags & 0x4) === 0 ? undefined : fields.u32();
  const perSample = [0x100, 0x200, 0x400, 0x800].filter((bit) => (flags & bit) !== 0).length * 4;
  if (count * perSample > fields.left || (perSample === 0 && count > 10_000)) {
    throw new SegmentFormatError('trun announces more samples than it holds');
  }
  const run = {
    kind: place.track.kind,
    decodeTime: place.decodeTime,
    count,
    durations: new Uint32Array(count),
    sizes: new Uint32Array(count),
    shifts: new Int32Array(count),
    keys: new Uint8Array(count),
    position,
  };
  for (let index = 0; index < count; index += 1) {
    run.durations[index] = (flags & 0x100) === 0 ? place.defaults.duration : fields.u32();
    run.sizes[index] = (flags & 0x200) === 0 ? place.defaults.size : fields.u32();
    const own = (flags & 0x400) === 0 ? place.defaults.flags : fields.u32();
    const sampleFlags = index === 0 && firstFlags !== undefined ? firstFlags : own;
    run.shifts[index] = (flags & 0x800) === 0 ? 0 : fields.i32();
    run.keys[index] = (sampleFlags & NOT_SYNC) === 0 ? 1 : 0;
  }
  return run;
}

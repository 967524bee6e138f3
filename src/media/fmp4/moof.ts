import { writeU64 } from './boxes.ts';

export interface Sample {
  readonly data: Buffer;
  /** Ticks */
  readonly duration: number;
  readonly key: boolean;
  /** Presentation minus decoding time in ticks, negative ones allowed. */
  readonly compositionOffset: number;
}

/** The samples of one track in a fragment. */
export interface Run {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  /** Ticks */
  readonly decodeTime: number;
  readonly timescale: number;
  readonly samples: readonly Sample[];
}

export interface Moof {
  readonly moof: Buffer;
  readonly mdat: Buffer[];
  readonly bytes: number;
  readonly tfdt: { trackId: number; offset: number; value: number; timescale: number }[];
}

const KEY_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DEFAULT_FLAGS = 0x20;

const trunSampleBytes = (run: Run): number => (run.kind === 'video' ? 16 : 8);
const trafBytes = (run: Run): number =>
  8 + (run.kind === 'video' ? 16 : 20) + 20 + 20 + run.samples.length * trunSampleBytes(run);

/** moof and mdat (ISO/IEC 14496-12 8.8) of the runs, whose samples lie one run behind the other in the mdat. */
export function buildMoof(sequence: number, runs: readonly Run[]): Moof {
  const size = runs.reduce((sum, run) => sum + trafBytes(run), 8 + 16);
  const moof = Buffer.allocUnsafe(size);
  const tfdt: Moof['tfdt'] = [];
  const mdatHead = Buffer.allocUnsafe(8);
  const mdat: Buffer[] = [mdatHead];
  let at = header(moof, 0, size, 'moof');
  at = header(moof, at, 16, 'mfhd');
  at = moof.writeUInt32BE(0, at);
  at = moof.writeUInt32BE(sequence >>> 0, at);
  let payload = 8;
  for (const run of runs) {
    at = header(moof, at, trafBytes(run), 'traf');
    at = writeTfhd(moof, at, run);
    tfdt.push({ trackId: run.trackId, offset: at + 12, value: run.decodeTime, timescale: run.timescale });
    at = header(moof, at, 20, 'tfdt');
    at = moof.writeUInt32BE(0x01000000, at);
    writeU64(moof, run.decodeTime, at);
    at = writeTrun(moof, at + 8, run, size + payload);
    for (const sample of run.samples) {
      mdat.push(sample.data);
      payload += sample.data.length;
    }
  }
  header(mdatHead, 0, payload, 'mdat');
  return { moof, mdat, bytes: size + payload, tfdt };
}

function header(target: Buffer, at: number, size: number, type: string): number {
  target.writeUInt32BE(size, at);
  target.write(type, at + 4, 'latin1');
  return at + 8;
}

function writeTfhd(target: Buffer, start: number, run: Run): number {
  const video = run.kind === 'video';
  let at = header(target, start, video ? 16 : 20, 'tfhd');
  at = target.writeUInt32BE(DEFAULT_BASE_IS_MOOF | (video ? 0 : DEFAULT_FLAGS), at);
  at = target.writeUInt32BE(run.trackId, at);
  return video ? at : target.writeUInt32BE(KEY_SAMPLE, at);
}

function writeTrun(target: Buffer, start: number, run: Run, dataOffset: number): number {
  const video = run.kind === 'video';
  let at = header(target, start, 20 + run.samples.length * trunSampleBytes(run), 'trun');
  at = target.writeUInt32BE(video ? 0x01000f01 : 0x01000301, at);
  at = target.writeUInt32BE(run.samples.length, at);
  at = target.writeInt32BE(dataOffset, at);
  for (const sample of run.samples) {
    at = target.writeUInt32BE(sample.duration, at);
    at = target.writeUInt32BE(sample.data.length, at);
    if (!video) continue;
    at = target.writeUInt32BE(sample.key ? KEY_SAMPLE : OTHER_SAMPLE, at);
    at = target.writeInt32BE(sample.compositionOffset, at);
  }
  return at;
}

/** A copy of a fragment's moof whose decode times begin at `origin` (milliseconds on the fragment's timeline). */
export function rebaseMoof(moof: Buffer, tfdt: readonly Moof['tfdt'][number][], originMs: number): Buffer {
  const copy = Buffer.from(moof);
  for (const { offset, value, timescale } of tfdt) {
    writeU64(copy, Math.max(0, value - Math.round((originMs * timescale) / 1000)), offset);
  }
  return copy;
}

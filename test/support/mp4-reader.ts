import { findBox } from '../../src/archive/box-walker.ts';

export interface ReadSample {
  /** Decode time and presentation time in seconds. */
  readonly time: number;
  readonly shown: number;
  readonly key: boolean;
  readonly description: number;
  readonly data: string;
}

/** The samples of a plain MP4 by its sample tables (ISO/IEC 14496-12, 8.5 to 8.7): a reader of its own, for tests. */
export function readFlat(file: Buffer): { kind: string; descriptions: number; samples: ReadSample[] }[] {
  const moov = findBox(file, ['moov']);
  if (moov === undefined) throw new Error('no moov');
  const tracks = [];
  for (let at = moov.offset + 8; at < moov.offset + moov.size; at += file.readUInt32BE(at)) {
    if (file.toString('latin1', at + 4, at + 8) !== 'trak') continue;
    tracks.push(readTrack(file.subarray(at, at + file.readUInt32BE(at)), file));
  }
  return tracks;
}

function table(trak: Buffer, type: string): Buffer | undefined {
  const found = findBox(trak, ['trak', 'mdia', 'minf', 'stbl', type]);
  return found && trak.subarray(found.offset + 12, found.offset + found.size);
}

function* numbers(data: Buffer | undefined, from: number): Generator<number> {
  for (let at = from; data !== undefined && at + 4 <= data.length; at += 4) yield data.readInt32BE(at);
}

function expand(data: Buffer | undefined): number[] {
  const pairs = [...numbers(data, 4)];
  return pairs.flatMap((count, at) => (at % 2 === 0 ? Array<number>(count).fill(pairs[at + 1] ?? 0) : []));
}

function readTrack(trak: Buffer, file: Buffer) {
  const mdhd = findBox(trak, ['trak', 'mdia', 'mdhd']);
  const hdlr = findBox(trak, ['trak', 'mdia', 'hdlr']);
  const elst = findBox(trak, ['trak', 'edts', 'elst']);
  if (mdhd === undefined || hdlr === undefined) throw new Error('no mdhd or hdlr');
  const timescale = trak.readUInt32BE(mdhd.offset + 12 + 16);
  const delay = elst === undefined ? 0 : trak.readUInt32BE(elst.offset + 16) / 1000;
  const durations = expand(table(trak, 'stts'));
  const shifts = expand(table(trak, 'ctts'));
  const syncs = table(trak, 'stss');
  const keys = syncs && new Set(numbers(syncs, 4));
  const sizes = [...numbers(table(trak, 'stsz'), 8)];
  const offsets = [...numbers(table(trak, 'stco'), 4)];
  const chunks = [...numbers(table(trak, 'stsc'), 4)];
  const samples: ReadSample[] = [];
  let time = 0;
  for (const [chunk, offset] of offsets.entries()) {
    let entry = 0;
    while (entry + 3 < chunks.length && (chunks[entry + 3] ?? Infinity) <= chunk + 1) entry += 3;
    let at = offset;
    for (let count = chunks[entry + 1] ?? 0; count > 0; count -= 1) {
      const number = samples.length;
      const size = sizes[number] ?? 0;
      samples.push({
        time: delay + time / timescale,
        shown: delay + (time + (shifts[number] ?? 0)) / timescale,
        key: keys?.has(number + 1) ?? true,
        description: chunks[entry + 2] ?? 0,
        data: file.toString('latin1', at, at + size),
      });
      at += size;
      time += durations[number] ?? 0;
    }
  }
  return {
    kind: trak.toString('latin1', hdlr.offset + 16, hdlr.offset + 20),
    descriptions: table(trak, 'stsd')?.readUInt32BE(0) ?? 0,
    samples,
  };
}

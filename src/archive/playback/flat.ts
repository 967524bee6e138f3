import { box, fullBox, u32, u64 } from '../../media/fmp4/boxes.ts';
import { durationAt, moovBox, tableBox } from './boxes.ts';
import type { Cut } from './cut.ts';
import { append, type Part } from './layout.ts';
import { type OutputTrack, type PlacedRun, Timeline } from './timeline.ts';

const FTYP = box('ftyp', Buffer.from('isom'), u32(0x200), Buffer.from('isomiso2mp41'));

/**
 * One plain MP4 over the cuts, its index in front (ISO/IEC 14496-12, 8.5 to 8.7): its length is known, and a player
 * can seek in it by byte ranges.
 */
export function flatMp4(cuts: readonly Cut[]): Part[] {
  const timeline = new Timeline();
  const runs = cuts.flatMap((cut) => timeline.place(cut).flat());
  const payload = runs.reduce((sum, run) => sum + run.bytes, 0);
  const wide = payload > 0xf000_0000;
  const mdat = mdatHeader(payload, wide);
  const moov = (offset: number): Buffer =>
    moovBox(timeline.tracks, {
      createdAt: cuts[0]?.from ?? 0,
      seconds: timeline.seconds,
      tables: tables(timeline.tracks, runs, offset, wide),
    });
  const head = FTYP.length + moov(0).length + mdat.length;
  const parts: Part[] = [FTYP, moov(head), mdat];
  for (const { path, position, bytes } of runs) append(parts, { path, position, length: bytes });
  return parts;
}

function mdatHeader(payload: number, wide: boolean): Buffer {
  if (wide) return Buffer.concat([u32(1), Buffer.from('mdat'), u64(payload + 16)]);
  return Buffer.concat([u32(payload + 8), Buffer.from('mdat')]);
}

function tables(
  tracks: readonly OutputTrack[],
  runs: readonly PlacedRun[],
  offset: number,
  wide: boolean,
): { stbl: Buffer[]; edits?: Buffer }[] {
  const positions = new Map<PlacedRun, number>();
  let at = offset;
  for (const run of runs) {
    positions.set(run, at);
    at += run.bytes;
  }
  return tracks.map((track) => {
    const own = runs.filter((run) => run.kind === track.kind);
    const places = own.map((run) => positions.get(run) ?? 0);
    const begin = own[0]?.times[0] ?? 0;
    const stbl = [...timeTables(own), ...placeTables(own, places, wide)];
    return begin === 0 ? { stbl } : { stbl, edits: emptyEdit(begin / track.timescale, own, track) };
  });
}

/** Lets a track begin later than the other: nothing for a while, then all of it. */
function emptyEdit(delay: number, runs: readonly PlacedRun[], track: OutputTrack): Buffer {
  const last = runs.at(-1);
  const end = (last?.times.at(-1) ?? 0) + (last?.lastDuration ?? 0);
  const length = Math.round((end / track.timescale - delay) * 1000);
  const entries = [u32(2), u32(Math.round(delay * 1000), 0xffff_ffff, 0x10000), u32(length, 0, 0x10000)];
  return box('edts', fullBox('elst', 0, 0, ...entries));
}

function timeTables(runs: readonly PlacedRun[]): Buffer[] {
  const durations = new RunLengths();
  const shifts = new RunLengths();
  const keys: number[] = [];
  let number = 0;
  for (const [at, run] of runs.entries()) {
    const next = runs[at + 1]?.times[0];
    for (let index = 0; index < run.times.length; index += 1) {
      number += 1;
      const last = index === run.times.length - 1;
      durations.add(last && next !== undefined ? next - (run.times[index] ?? 0) : durationAt(run, index));
      shifts.add(run.shifts[index] ?? 0);
      if (run.keys[index] === 1) keys.push(number);
    }
  }
  const made = [tableBox('stts', 0, durations.pairs, 2)];
  if (shifts.pairs.some((value, at) => at % 2 === 1 && value !== 0)) {
    const negative = shifts.pairs.some((value) => value < 0);
    made.push(tableBox('ctts', negative ? 1 : 0, shifts.pairs, 2));
  }
  if (keys.length < number) made.push(tableBox('stss', 0, keys));
  return made;
}

function placeTables(runs: readonly PlacedRun[], places: readonly number[], wide: boolean): Buffer[] {
  const sizes = runs.flatMap((run) => [...run.sizes]);
  const chunks: number[] = [];
  let before: PlacedRun | undefined;
  for (const [at, run] of runs.entries()) {
    if (before?.times.length !== run.times.length || before.description !== run.description) {
      chunks.push(at + 1, run.times.length, run.description);
    }
    before = run;
  }
  const stsz = Buffer.allocUnsafe(8 + sizes.length * 4);
  stsz.writeUInt32BE(0, 0);
  stsz.writeUInt32BE(sizes.length, 4);
  for (const [at, size] of sizes.entries()) stsz.writeUInt32BE(size, 8 + at * 4);
  const offsets = wide
    ? fullBox('co64', 0, 0, u32(places.length), ...places.map((place) => u64(place)))
    : tableBox('stco', 0, places);
  return [tableBox('stsc', 0, chunks, 3), fullBox('stsz', 0, 0, stsz), offsets];
}

/** Count and value, again and again. */
class RunLengths {
  readonly pairs: number[] = [];
  add(value: number): void {
    const at = this.pairs.length - 2;
    if (at >= 0 && this.pairs[at + 1] === value) this.pairs[at] = (this.pairs[at] ?? 0) + 1;
    else this.pairs.push(1, value);
  }
}

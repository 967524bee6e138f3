import type { SegmentTrack } from '../init-reader.ts';
import type { SampleRun } from '../moof-reader.ts';
import type { FragmentPlace, SegmentIndex } from '../segment-index.ts';

export interface CutRange {
  /** Begin with the last key frame at or before this time; with the first one when there is none. */
  readonly from: number;
  /** End with the first frame at or after this time. */
  readonly to: number;
  /** Show nothing at or after this time, whatever `to` says. */
  readonly before?: number;
}

/** A part of a segment file that can be decoded by itself. */
export interface Cut {
  readonly index: SegmentIndex;
  /** Milliseconds since 1970 of the first picture, and of the end of the last. */
  readonly from: number;
  readonly to: number;
  /** Decode time of the first leading sample, in seconds of the file. */
  readonly zero: number;
  /** The runs of each fragment, without the samples that are not wanted. */
  readonly fragments: readonly (readonly SampleRun[])[];
}

/** Video leads; a file without video is led by its audio. */
export function leadTrack(index: SegmentIndex): SegmentTrack | undefined {
  return index.tracks.find((track) => track.kind === 'video') ?? index.tracks[0];
}

/** Turns presentation times of the leading track into wall clock time and back. */
export class SegmentClock {
  readonly #start: number;
  readonly #first: number;
  readonly #timescale: number;

  /** @param start milliseconds since 1970 of the first picture of the file */
  constructor(index: SegmentIndex, start: number) {
    const lead = leadTrack(index);
    const run = index.fragments.flatMap((fragment) => leadRuns(fragment, lead))[0];
    this.#start = start;
    this.#timescale = lead?.timescale ?? 1;
    this.#first = run === undefined ? 0 : run.decodeTime + (run.shifts[0] ?? 0);
  }

  wall(ticks: number): number {
    return this.#start + ((ticks - this.#first) * 1000) / this.#timescale;
  }
}

/** Times are known to the millisecond: a frame may seem this much earlier or later than it is. */
const TOLERANCE_MS = 1;
const ROUNDING_MS = 0.01;

/** Milliseconds since 1970 of the key frames from which a part of the file can begin. */
export function keyTimes(index: SegmentIndex, start: number): number[] {
  const lead = leadTrack(index);
  const clock = new SegmentClock(index, start);
  return index.fragments.flatMap((fragment) => {
    const run = fragment.key ? leadRuns(fragment, lead)[0] : undefined;
    return run === undefined ? [] : [clock.wall(run.decodeTime + (run.shifts[0] ?? 0))];
  });
}

const leadRuns = (fragment: FragmentPlace, lead: SegmentTrack | undefined): SampleRun[] =>
  fragment.runs.filter((run) => run.kind === lead?.kind && run.count > 0);

/** The whole span of a segment file, from its first picture to the end of its last; undefined when it is empty. */
export function segmentSpan(index: SegmentIndex, start: number): { from: number; to: number } | undefined {
  const cut = cutSegment(index, start, { from: -Infinity, to: Infinity });
  return cut && { from: cut.from, to: cut.to };
}

/**
 * Cuts a range out of a segment without touching a frame.
 *
 * @param start milliseconds since 1970 of the first picture of the file
 * @returns undefined when no frame of the file belongs to the range
 */
export function cutSegment(index: SegmentIndex, start: number, range: CutRange): Cut | undefined {
  const lead = leadTrack(index);
  if (lead === undefined) return undefined;
  const clock = new SegmentClock(index, start);
  const first = firstFragment(index, lead, clock, range);
  if (first === undefined) return undefined;
  const samples = leadSamples(index.fragments.slice(first), lead, clock);
  const end = endOf(samples, range);
  const begin = samples[0];
  const last = samples[end];
  if (begin === undefined || last === undefined) return undefined;
  const to = samples.slice(0, end + 1).reduce((latest, sample) => Math.max(latest, sample.end), -Infinity);
  const seconds = { from: begin.presented / lead.timescale, to: last.mediaEnd / lead.timescale };
  const fragments = keepSamples(index.fragments.slice(first), index.tracks, lead, end + 1, seconds);
  return { index, from: begin.wall, to, zero: begin.decoded / lead.timescale, fragments };
}

interface LeadSample {
  readonly decoded: number;
  readonly presented: number;
  readonly mediaEnd: number;
  readonly wall: number;
  readonly end: number;
}

function firstFragment(
  index: SegmentIndex,
  lead: SegmentTrack,
  clock: SegmentClock,
  range: CutRange,
): number | undefined {
  let best: number | undefined;
  for (const [at, fragment] of index.fragments.entries()) {
    const run = leadRuns(fragment, lead)[0];
    if (!fragment.key || run === undefined) continue;
    const time = clock.wall(run.decodeTime + (run.shifts[0] ?? 0));
    if (best !== undefined && time > range.from + TOLERANCE_MS) break;
    best = at;
  }
  return best;
}

function leadSamples(
  fragments: readonly FragmentPlace[],
  lead: SegmentTrack,
  clock: SegmentClock,
): LeadSample[] {
  const samples: LeadSample[] = [];
  for (const run of fragments.flatMap((fragment) => leadRuns(fragment, lead))) {
    let decoded = run.decodeTime;
    for (const [at, duration] of run.durations.entries()) {
      const presented = decoded + (run.shifts[at] ?? 0);
      const mediaEnd = presented + duration;
      samples.push({ decoded, presented, mediaEnd, wall: clock.wall(presented), end: clock.wall(mediaEnd) });
      decoded += duration;
    }
  }
  return samples;
}

/** The last sample in decoding order that is not shown after the first one at or after `to`, and before `before`. */
function endOf(samples: readonly LeadSample[], { to, before = Infinity }: CutRange): number {
  let target = Infinity;
  for (const { wall } of samples) if (wall >= to - ROUNDING_MS && wall < target) target = wall;
  return samples.findLastIndex(({ wall }) => wall <= target && wall < before - TOLERANCE_MS);
}

function keepSamples(
  fragments: readonly FragmentPlace[],
  tracks: readonly SegmentTrack[],
  lead: SegmentTrack,
  leadCount: number,
  seconds: { readonly from: number; readonly to: number },
): SampleRun[][] {
  const kept: SampleRun[][] = [];
  let left = leadCount;
  let behind = 0;
  for (const fragment of fragments) {
    // Sound may be stored a little behind its pictures: look one fragment further for it.
    if (left === 0 && (behind += 1) > 1) break;
    const runs: SampleRun[] = [];
    for (const run of fragment.runs) {
      const isLead = run.kind === lead.kind;
      const track = tracks.find((candidate) => candidate.kind === run.kind);
      const part = isLead ? partOf(run, 0, left) : withinTime(run, track?.timescale ?? 1, seconds);
      if (isLead) left -= part.count;
      if (part.count > 0) runs.push(part);
    }
    if (runs.length > 0) kept.push(runs);
  }
  return kept;
}

function withinTime(
  run: SampleRun,
  timescale: number,
  seconds: { readonly from: number; readonly to: number },
): SampleRun {
  let time = run.decodeTime;
  let begin = 0;
  let end = 0;
  for (const [at, duration] of run.durations.entries()) {
    if (time < seconds.from * timescale) begin = at + 1;
    if (time < seconds.to * timescale) end = at + 1;
    time += duration;
  }
  return partOf(run, begin, end);
}

/** The samples from `begin` to before `end` of a run. */
export function partOf(run: SampleRun, begin: number, end: number): SampleRun {
  const stop = Math.max(begin, Math.min(end, run.count));
  if (begin === 0 && stop === run.count) return run;
  let { decodeTime, position } = run;
  for (let at = 0; at < begin; at += 1) {
    decodeTime += run.durations[at] ?? 0;
    position += run.sizes[at] ?? 0;
  }
  return {
    kind: run.kind,
    decodeTime,
    count: stop - begin,
    durations: run.durations.subarray(begin, stop),
    sizes: run.sizes.subarray(begin, stop),
    shifts: run.shifts.subarray(begin, stop),
    keys: run.keys.subarray(begin, stop),
    position,
  };
}

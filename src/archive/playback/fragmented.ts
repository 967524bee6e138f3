import { box, fullBox, u32 } from '../../media/fmp4/boxes.ts';
import type { SegmentTrack } from '../init-reader.ts';
import { videoTrackOf } from '../track-reader.ts';
import { emptyTables, moofBoxes, moovBox } from './boxes.ts';
import type { Cut } from './cut.ts';
import type { Part } from './layout.ts';
import { type OutputTrack, type PlacedRun, Timeline } from './timeline.ts';

const FTYP = box('ftyp', Buffer.from('iso6'), u32(1), Buffer.from('iso6mp41'));

export interface FragmentedInput {
  /** The tracks of every file that will come, in their order. */
  readonly tracks: Iterable<readonly SegmentTrack[]>;
  readonly cuts: AsyncIterable<Cut> | Iterable<Cut>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * One fragmented MP4 over the cuts, made while it is read: for ranges too long to look through beforehand. Its length
 * is not known.
 */
export async function* fragmentedMp4(input: FragmentedInput): AsyncGenerator<Part> {
  const timeline = new Timeline();
  for (const tracks of input.tracks) timeline.describe(tracks);
  yield* fragmentedHead(timeline.tracks, input.createdAt);
  let sequence = 0;
  let sets: Buffer | undefined;
  for await (const cut of input.cuts) {
    const own = parameterSets(cut);
    let news = sequence === 0 || sets?.equals(own) === true ? undefined : own;
    sets = own;
    for (const runs of timeline.place(cut)) {
      sequence += 1;
      yield* fragmentParts(sequence, news === undefined ? runs : withSets(runs, news), timeline.tracks);
      if (runs.some(({ kind }) => kind === 'video')) news = undefined;
    }
  }
}

/** The parameter sets of the video of a cut as they may stand in its samples; empty without video. */
function parameterSets({ index }: Cut): Buffer {
  const video = index.tracks.find(({ kind }) => kind === 'video');
  const track = video && videoTrackOf(video, '', false);
  if (track === undefined) return Buffer.alloc(0);
  const nals = [...track.vps, ...track.sps, ...track.pps];
  return Buffer.concat(nals.flatMap((nal) => [u32(nal.length), nal]));
}

/**
 * Puts new parameter sets before the first picture: many players know only those that the beginning of a fragmented file
 * announces, and all of them take these.
 */
function withSets(runs: readonly PlacedRun[], sets: Buffer): PlacedRun[] {
  const first = runs.findIndex(({ kind }) => kind === 'video');
  return runs.map((run, at) => {
    if (at !== first || sets.length === 0) return run;
    const sizes = run.sizes.slice();
    sizes[0] = (sizes[0] ?? 0) + sets.length;
    return { ...run, sizes, bytes: run.bytes + sets.length, before: sets };
  });
}

/** ftyp and moov of a file whose samples come in fragments. */
export function fragmentedHead(tracks: readonly OutputTrack[], createdAt: number): Buffer[] {
  return [FTYP, fragmentedMoov(tracks, createdAt)];
}

function fragmentedMoov(tracks: readonly OutputTrack[], createdAt: number): Buffer {
  const trex = tracks.map((track) => fullBox('trex', 0, 0, u32(track.trackId, 1, 0, 0, 0)));
  const tables = tracks.map(() => ({ stbl: emptyTables() }));
  return moovBox(tracks, { createdAt, seconds: 0, tables, mvex: box('mvex', ...trex) });
}

/** moof, mdat header and media of one fragment. */
export function fragmentParts(
  sequence: number,
  runs: readonly PlacedRun[],
  tracks: readonly OutputTrack[],
): Part[] {
  const numbered = runs.map((run) => ({
    ...run,
    trackId: tracks.find((track) => track.kind === run.kind)?.trackId ?? 1,
  }));
  return [
    moofBoxes(sequence, numbered),
    ...runs.flatMap(({ path, position, bytes, before }): Part[] =>
      before === undefined
        ? [{ path, position, length: bytes }]
        : [before, { path, position, length: bytes - before.length }],
    ),
  ];
}

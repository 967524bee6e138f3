import { box, fullBox, u32 } from '../../media/fmp4/boxes.ts';
import type { SegmentTrack } from '../init-reader.ts';
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
  for await (const cut of input.cuts) {
    for (const runs of timeline.place(cut)) {
      sequence += 1;
      yield* fragmentParts(sequence, runs, timeline.tracks);
    }
  }
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
    ...runs.map(({ path, position, bytes }) => ({ path, position, length: bytes })),
  ];
}

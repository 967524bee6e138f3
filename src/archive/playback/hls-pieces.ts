import type { Interval } from '../intervals.ts';
import type { SegmentIndexes } from '../segment-index.ts';
import type { Cut } from './cut.ts';
import { type HlsPiece, nextBase, parametersOf, pieceStarts } from './hls.ts';
import { cutsOf, JOINED_MS, type LocatedSegment } from './plan.ts';
import type { Selected } from './select.ts';

/** Longer ranges have one piece per file, so that their files need not be looked through beforehand. */
const FINE_MS = 2 * 3_600_000;

/** A stretch of the playlist that one file gives. */
interface Stretch {
  readonly name: string;
  readonly parameters: string;
  readonly from: number;
  readonly to: number;
  /** Media time of its first picture, seconds. */
  readonly zero: number;
  /** Where it is divided, its beginning first; absent for a whole file. */
  readonly starts?: readonly number[];
}

/** The pieces of a plan, their times one behind the other. */
export async function hlsPieces(
  plan: readonly Selected<LocatedSegment>[],
  range: Interval,
  indexes: SegmentIndexes,
): Promise<HlsPiece[]> {
  const coarse = range.to - range.from > FINE_MS;
  const pieces: HlsPiece[] = [];
  let end = 0;
  let lastTo: number | undefined;
  for await (const stretch of coarse ? wholeFiles(plan, range, indexes) : cutFiles(plan, range, indexes)) {
    const { name, parameters, from, to, zero } = stretch;
    const base = pieces.length === 0 ? 0 : nextBase(end, zero);
    const starts = stretch.starts ?? [from];
    for (const [at, start] of starts.entries()) {
      const stop = starts[at + 1] ?? to;
      const gap = at === 0 && lastTo !== undefined && from - lastTo > JOINED_MS;
      const piece = { name, parameters, from: start, seconds: (stop - start) / 1000, base, gap };
      pieces.push(stretch.starts === undefined ? piece : { ...piece, range: { from: start, to: stop } });
    }
    end = base + (zero * 1000 + to - from) * 1000;
    lastTo = to;
  }
  return pieces;
}

const nameOf = ({ record: { path } }: LocatedSegment): string =>
  path.slice(path.lastIndexOf('/') + 1).replace(/\.mp4$/, '');

async function* cutFiles(
  plan: readonly Selected<LocatedSegment>[],
  range: Interval,
  indexes: SegmentIndexes,
  only?: LocatedSegment,
): AsyncGenerator<Stretch> {
  const segments = new Map(plan.map(({ segment }) => [segment.path, segment]));
  for await (const cut of cutsOf(plan, range, indexes)) {
    const segment = segments.get(cut.index.path);
    if (segment !== undefined && (only ?? segment) === segment) yield stretchOf(cut, segment);
  }
}

const stretchOf = (cut: Cut, segment: LocatedSegment): Stretch => ({
  name: nameOf(segment),
  parameters: parametersOf(cut.index.tracks),
  from: cut.from,
  to: cut.to,
  zero: cut.zero,
  starts: pieceStarts(cut, segment.from),
});

/** The files in the middle as they are; those at the ends and around a take-over are cut. */
async function* wholeFiles(
  plan: readonly Selected<LocatedSegment>[],
  range: Interval,
  indexes: SegmentIndexes,
): AsyncGenerator<Stretch> {
  for (const [at, selected] of plan.entries()) {
    const { segment, overlapEnd } = selected;
    if (segment.from >= range.to) return;
    const next = plan[at + 1];
    const inside = segment.from >= range.from && segment.to < range.to && segment.record.closed;
    if (!inside || overlapEnd !== undefined || next?.overlapEnd !== undefined) {
      yield* cutFiles(next === undefined ? [selected] : [selected, next], range, indexes, segment);
      continue;
    }
    const tracks = await indexes.tracks(segment.path);
    if (tracks === undefined) continue;
    const { from, to } = segment;
    yield { name: nameOf(segment), parameters: parametersOf(tracks), from, to, zero: 0 };
  }
}

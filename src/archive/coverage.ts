import type { GapCause } from '../contracts/entities.ts';
import { clipAll, type Interval, intersect, merge, subtract, total } from './intervals.ts';
import type { z } from 'zod';

type Cause = z.output<typeof GapCause>;

/** A span in which the recorder knew why it did not record. */
export interface Outage extends Interval {
  readonly cause: Cause;
}

export interface CoverageInput {
  readonly range: Interval;
  /** What is on disk. */
  readonly recorded: readonly Interval[];
  /** When recording was wanted. */
  readonly wanted: readonly Interval[];
  readonly outages: readonly Outage[];
  /** Nothing after it can be a gap yet: it has not happened, or is on its way to the disk. */
  readonly now: number;
}

export interface Coverage {
  /** Recorded share of the wanted time, 0 to 1; null when nothing was wanted. */
  readonly coverage: number | null;
  readonly wantedMs: number;
  /** Recorded while wanted. */
  readonly recordedMs: number;
  readonly gaps: Outage[];
}

/** Two segments of one recording may stand this far apart: the last frame of a file has no known end. */
export const JOIN_TOLERANCE_MS = 500;
/** How much of the newest past may still be on its way to the disk, in milliseconds. */
export const SETTLING_MS = 3_000;

/**
 * Coverage of a range and the gaps in it with their causes. Gaps are wanted time without recording; where several
 * outages overlap the one that began last explains it; what no outage explains is `unknown`.
 */
export function coverageOf(input: CoverageInput): Coverage {
  const recorded = merge(input.recorded, JOIN_TOLERANCE_MS);
  const settled = Math.max(input.now - SETTLING_MS, recorded.at(-1)?.to ?? -Infinity);
  const range = { from: input.range.from, to: Math.min(input.range.to, settled, input.now) };
  const wanted = clipAll(merge(input.wanted), range);
  const wantedMs = total(wanted);
  const recordedMs = total(intersect(wanted, recorded));
  const missing = subtract(wanted, recorded).filter(({ from, to }) => to - from > JOIN_TOLERANCE_MS);
  return {
    coverage: wantedMs === 0 ? null : recordedMs / wantedMs,
    wantedMs,
    recordedMs,
    gaps: missing.flatMap((gap) => explain(gap, input.outages)),
  };
}

/** Splits a gap by the outages that explain it. */
function explain(gap: Interval, outages: readonly Outage[]): Outage[] {
  const known = clipAll(
    outages.filter((outage) => outage.to > outage.from),
    gap,
  );
  const originals = new Map(known.map((piece, index) => [piece, index]));
  const edges = [...new Set([gap.from, gap.to, ...known.flatMap(({ from, to }) => [from, to])])].sort(
    (a, b) => a - b,
  );
  const pieces: { from: number; to: number; cause: Cause }[] = [];
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    const cause = causeAt(known, originals, from);
    const last = pieces.at(-1);
    if (last?.cause === cause) last.to = to;
    else pieces.push({ from, to, cause });
  }
  return pieces;
}

function causeAt(known: readonly Outage[], order: ReadonlyMap<Outage, number>, time: number): Cause {
  let best: Outage | undefined;
  for (const outage of known) {
    if (outage.from > time || outage.to <= time) continue;
    const later =
      best === undefined ||
      outage.from > best.from ||
      (outage.from === best.from && (order.get(outage) ?? 0) > (order.get(best) ?? 0));
    if (later) best = outage;
  }
  return best?.cause ?? 'unknown';
}

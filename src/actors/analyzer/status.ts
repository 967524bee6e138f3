import type { z } from 'zod';
import type { analyzer } from '../../contracts/actors.ts';
import type { AnalysisState } from '../../inference/pool-stream.ts';

type AnalyzerStatus = z.output<typeof analyzer.actions.status.result>;

/** Pictures that wanted the engine over some time, and how many of them it saw. */
export interface Shares {
  readonly wanted: number;
  readonly seen: number;
}

/** Below this share of the pictures that want it the engine counts as overloaded. */
const OVERLOADED_SHARE = 0.25;
const OVERLOADED_LEAST = 10;

/** What the status says of the analysis; `place` and the rest is the actor's. */
export function describe(
  state: AnalysisState | undefined,
  more: {
    readonly away: boolean;
    readonly fallenBack: boolean;
    readonly problem: string | null;
    readonly shares: Shares;
  },
): Omit<AnalyzerStatus, 'node' | 'epoch'> {
  const { wanted, seen } = more.shares;
  const overloaded = wanted >= OVERLOADED_LEAST && seen / wanted < OVERLOADED_SHARE;
  const message =
    more.problem ??
    state?.message ??
    (overloaded ? `The engine is overloaded: it saw ${String(seen)} of ${String(wanted)} pictures.` : null) ??
    (more.fallenBack ? 'The sub stream sends no pictures: the main stream is analysed instead.' : null);
  return {
    state: stateOf(state, more.away, overloaded),
    message,
    engine: state?.engine ?? 'none',
    fps: state?.fps ?? 0,
    inferences: state?.inferences ?? 0,
    motion: state?.motion ?? false,
    tracks: (state?.tracks ?? []).map(({ id, label, score, box }) => ({ id, label, score, box })),
  };
}

function stateOf(state: AnalysisState | undefined, away: boolean, overloaded: boolean): string {
  if (state === undefined || state.state === 'waiting') return 'starting';
  if (state.state === 'set-aside') return 'set-aside';
  if (away) return 'waiting';
  return overloaded ? 'overloaded' : 'running';
}

/** Watches how many of the wanted pictures the engine saw in the last ten seconds or so. */
export class ShareMeter {
  #before = { inferences: 0, skipped: 0 };
  #since = Number.NEGATIVE_INFINITY;
  #shares: Shares = { wanted: 0, seen: 0 };

  /** @param now milliseconds that never go back */
  read(state: Pick<AnalysisState, 'inferences' | 'skipped'>, now: number): Shares {
    if (now - this.#since < 10_000) return this.#shares;
    const seen = state.inferences - this.#before.inferences;
    this.#shares = { seen, wanted: seen + state.skipped - this.#before.skipped };
    this.#before = { inferences: state.inferences, skipped: state.skipped };
    this.#since = now;
    return this.#shares;
  }
}

/** How a picture may travel, best first. */
export const RUNGS = ['webrtc', 'mse', 'jpeg'] as const;
export type Rung = (typeof RUNGS)[number];

/**
 * Why a transport ended. `unsupported`: it can never carry this stream here. `blocked`: it was negotiated but no picture
 * came. `lost`: it played and then stopped. `offline`: the camera itself has no picture. `refused`: not allowed.
 */
export type Failure = 'unsupported' | 'blocked' | 'lost' | 'offline' | 'refused';

export interface LadderState {
  readonly rung: Rung;
  readonly phase: 'connecting' | 'playing' | 'waiting' | 'refused';
  /** Failures in a row; 0 once a picture plays. */
  readonly failures: number;
  /** Milliseconds to wait in phase `waiting`. */
  readonly waitMs: number;
  /** Rungs that can never carry this stream. */
  readonly closed: readonly Rung[];
  /** Rises with each attempt: a new value means that a transport is to be opened. */
  readonly attempt: number;
  readonly reason: Failure | null;
}

export type LadderEvent =
  | { type: 'picture' }
  | { type: 'failed'; failure: Failure }
  /** The wait is over, or the camera is said to be live again. */
  | { type: 'retry' }
  /** Played long enough on a lower rung: try the best one again. */
  | { type: 'climb' };

export const initialLadder = (rungs: readonly Rung[] = RUNGS): LadderState => ({
  rung: rungs[0] ?? 'jpeg',
  phase: 'connecting',
  failures: 0,
  waitMs: 0,
  closed: RUNGS.filter((rung) => !rungs.includes(rung)),
  attempt: 1,
  reason: null,
});

/** Milliseconds before the attempt after `failures` failures in a row: doubling from 0.5 s to 15 s, plus up to 30 %. */
export function backoffMs(failures: number, random: number): number {
  const base = Math.min(15_000, 500 * 2 ** Math.max(0, failures - 1));
  return Math.round(base * (1 + 0.3 * random));
}

/** Milliseconds that a lower rung plays before the best one is tried again. */
export const CLIMB_AFTER_MS = 120_000;

const open = (state: LadderState): readonly Rung[] => RUNGS.filter((rung) => !state.closed.includes(rung));

function below(state: LadderState): Rung | undefined {
  return open(state).find((rung) => RUNGS.indexOf(rung) > RUNGS.indexOf(state.rung));
}

const connect = (state: LadderState, rung: Rung): LadderState => ({
  ...state,
  rung,
  phase: 'connecting',
  waitMs: 0,
  attempt: state.attempt + 1,
});

/** The next state of the ladder; pure, `random` is 0 to 1. */
export function climb(state: LadderState, event: LadderEvent, random: number): LadderState {
  switch (event.type) {
    case 'picture':
      return { ...state, phase: 'playing', failures: 0, reason: null };
    case 'retry':
      return state.phase === 'waiting' ? connect(state, state.rung) : state;
    case 'climb': {
      const best = open(state)[0] ?? 'jpeg';
      return state.phase === 'playing' && best !== state.rung ? connect(state, best) : state;
    }
    case 'failed':
      return afterFailure(
        { ...state, reason: event.failure, failures: state.failures + 1 },
        event.failure,
        random,
      );
  }
}

function afterFailure(state: LadderState, failure: Failure, random: number): LadderState {
  const wait = (rung: Rung): LadderState => ({
    ...state,
    rung,
    phase: 'waiting',
    waitMs: backoffMs(state.failures, random),
  });
  if (failure === 'refused') return { ...state, phase: 'refused' };
  if (failure === 'offline' || failure === 'lost') return wait(state.rung);
  const shut = failure === 'unsupported' ? { ...state, closed: [...state.closed, state.rung] } : state;
  const next = below(state);
  if (next) return connect(shut, next);
  // The lowest rung failed: begin again from the best one after a pause.
  return { ...wait(open(shut)[0] ?? 'jpeg'), closed: shut.rung === 'jpeg' ? state.closed : shut.closed };
}

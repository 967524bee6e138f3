import { useCallback, useReducer } from 'react';

/** What is on the screen: live, or a moment of the past. */
export interface Moment {
  readonly live: boolean;
  /** Where playback begins; a new object is a new seek. */
  readonly target: { readonly time: number };
  /** The moment shown, milliseconds since 1970. */
  readonly time: number;
  /** While the pointer drags through time: a picture instead of the film. */
  readonly scrubbing: boolean;
  readonly playing: boolean;
  readonly rate: number;
}

export type MomentEvent =
  | { type: 'live' }
  | { type: 'seek'; time: number; done: boolean }
  | { type: 'time'; time: number }
  | { type: 'toggle' }
  | { type: 'rate'; rate: number };

export const RATES = [0.5, 1, 2, 4, 8] as const;

export const initialMoment = (at: number | null): Moment => ({
  live: at === null,
  target: { time: at ?? Date.now() },
  time: at ?? Date.now(),
  scrubbing: false,
  playing: true,
  rate: 1,
});

/** Pure: what the screen shows after an event. */
export function nextMoment(before: Moment, event: MomentEvent): Moment {
  switch (event.type) {
    case 'live':
      return { ...before, live: true, scrubbing: false, playing: true, rate: 1 };
    case 'seek':
      if (!event.done) return { ...before, live: false, time: event.time, scrubbing: true };
      return { ...before, live: false, scrubbing: false, time: event.time, target: { time: event.time } };
    case 'time':
      return before.live || before.scrubbing ? before : { ...before, time: event.time };
    case 'toggle':
      return before.live ? before : { ...before, playing: !before.playing };
    case 'rate':
      return { ...before, rate: event.rate };
  }
}

export function useMoment(startAt: number | null): [Moment, (event: MomentEvent) => void] {
  const [moment, dispatch] = useReducer(nextMoment, startAt, initialMoment);
  return [moment, useCallback((event: MomentEvent) => dispatch(event), [])];
}

import { useCallback, useEffect, useReducer, useRef, type RefObject } from 'react';
import type { StreamName } from '../../../src/contracts/entities.ts';
import { onStream } from '../api/stream.ts';
import { openJpeg } from './jpeg.ts';
import {
  climb,
  CLIMB_AFTER_MS,
  initialLadder,
  type LadderEvent,
  type LadderState,
  type Rung,
} from './ladder.ts';
import { openMse } from './mse.ts';
import type { Transport, TransportOptions } from './transport.ts';
import { openWebRtc } from './webrtc.ts';

const OPEN: Record<Rung, (options: TransportOptions) => Transport> = {
  webrtc: openWebRtc,
  mse: openMse,
  jpeg: openJpeg,
};

export interface LadderOptions {
  readonly camera: string;
  readonly stream: StreamName;
  readonly audio: boolean;
  readonly muted: boolean;
  /** Only these rungs, best first; read once. */
  readonly rungs: readonly Rung[];
}

export interface Ladder {
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly state: LadderState;
  readonly picture: () => HTMLVideoElement | HTMLImageElement | null;
}

/** Keeps one live picture in `stage`, by the best transport that works, for as long as the component is shown. */
export function useLadder({ camera, stream, audio, muted, rungs }: LadderOptions): Ladder {
  const stage = useRef<HTMLDivElement>(null);
  const transport = useRef<Transport | null>(null);
  const [state, dispatch] = useReducer(
    (before: LadderState, event: LadderEvent) => climb(before, event, Math.random()),
    rungs,
    initialLadder,
  );
  const { rung, phase, attempt, waitMs } = state;

  useEffect(() => {
    const element = stage.current;
    if (!element) return undefined;
    const opened = OPEN[rung]({
      camera,
      stream,
      audio,
      stage: element,
      onPicture: () => dispatch({ type: 'picture' }),
      onFailed: (failure) => dispatch({ type: 'failed', failure }),
    });
    transport.current = opened;
    return () => {
      opened.close();
      transport.current = null;
    };
    // A new attempt is what opens a transport; the rung only changes together with it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [attempt, camera, stream, audio]);

  useEffect(() => {
    transport.current?.setMuted(muted);
  }, [muted, phase, attempt]);

  useEffect(() => {
    if (phase !== 'waiting') return undefined;
    const timer = setTimeout(() => dispatch({ type: 'retry' }), waitMs);
    return () => clearTimeout(timer);
  }, [phase, waitMs, attempt]);

  useEffect(() => {
    if (phase !== 'playing') return undefined;
    const timer = setTimeout(() => dispatch({ type: 'climb' }), CLIMB_AFTER_MS);
    return () => clearTimeout(timer);
  }, [phase, rung]);

  useEffect(
    () =>
      onStream('camera.state', (change) => {
        if (change.camera === camera && change.state === 'live') dispatch({ type: 'retry' });
      }),
    [camera],
  );

  const picture = useCallback(() => transport.current?.picture() ?? null, []);
  return { stage, state, picture };
}

import { Loader } from '@mantine/core';
import { IconVideoOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { Camera, CameraStatus, StreamName } from '../../../src/contracts/entities.ts';
import { statusQuery } from '../api/queries.ts';
import { cameraWords } from '../components/camera-words.ts';
import { RUNGS, type LadderState, type Rung } from './ladder.ts';
import { useLadder, type Ladder } from './use-ladder.ts';
import { webRtcServed } from './webrtc.ts';
import classes from './live-view.module.css';

export interface LiveViewProps {
  readonly camera: Camera;
  readonly stream: StreamName;
  readonly audio: boolean;
  readonly muted: boolean;
  readonly onState?: (state: LadderState | null) => void;
  readonly onReady?: (picture: Ladder['picture'] | null) => void;
}

/** Milliseconds to wait for the status before trying without it. */
const STATUS_PATIENCE_MS = 1_000;

/** A live picture that keeps itself alive; a camera that has no picture to give is not asked for one. */
export function LiveView({ camera, onState, ...options }: LiveViewProps) {
  const { data: status, isError } = useQuery({ ...statusQuery(camera.id), enabled: camera.enabled });
  const patient = useElapsed(STATUS_PATIENCE_MS);
  const [playing, setPlaying] = useState(false);
  const report = useCallback(
    (state: LadderState | null) => {
      setPlaying(state?.phase === 'playing');
      onState?.(state);
    },
    [onState],
  );
  const known = status !== undefined || isError || patient;
  const open = camera.enabled && known && (playing || status === undefined || status.state === 'live');
  return (
    <div className={classes.view}>
      {open ? (
        <LiveStage
          {...options}
          camera={camera}
          rungs={rungsFor(status, options.stream)}
          message={status?.message ?? null}
          onState={report}
        />
      ) : (
        <Offline text={known ? offlineText(camera, status) : null} />
      )}
    </div>
  );
}

/** The ways that can carry the stream as far as is known, best first. */
function rungsFor(status: CameraStatus | undefined, stream: StreamName): readonly Rung[] {
  const carries = status?.streams[stream]?.webrtc ?? true;
  return carries && webRtcServed() ? RUNGS : RUNGS.slice(1);
}

function offlineText(camera: Camera, status: CameraStatus | undefined): string {
  if (!camera.enabled) return 'This camera is switched off';
  return status ? cameraWords(status) : 'The camera has no picture';
}

function useElapsed(ms: number): boolean {
  const [elapsed, setElapsed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setElapsed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return elapsed;
}

interface LiveStageProps extends LiveViewProps {
  readonly rungs: readonly Rung[];
  readonly message: string | null;
}

function LiveStage({ camera, rungs, message, onState, onReady, ...options }: LiveStageProps) {
  const { stage, state, picture } = useLadder({ ...options, camera: camera.id, rungs });
  useEffect(() => {
    onState?.(state);
  }, [onState, state]);
  useEffect(() => () => onState?.(null), [onState]);
  useEffect(() => {
    onReady?.(picture);
    return () => onReady?.(null);
  }, [onReady, picture]);
  return (
    <div className={classes.fill} data-transport={state.rung} data-phase={state.phase}>
      <div ref={stage} className={classes.stage} />
      {state.phase === 'connecting' && <Loader className={classes.loader} size="sm" color="gray" />}
      {(state.phase === 'waiting' || state.phase === 'refused') && (
        <Offline text={waitingText(state, message)} />
      )}
    </div>
  );
}

function waitingText(state: LadderState, message: string | null): string {
  if (state.phase === 'refused') return 'You may not see this camera';
  return (
    message ??
    (state.reason === 'lost' ? 'The picture stopped. Connecting again' : 'No picture yet. Trying again')
  );
}

function Offline({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <div className={classes.message} role="status">
      <IconVideoOff size={26} stroke={1.4} />
      <span>{text}</span>
    </div>
  );
}

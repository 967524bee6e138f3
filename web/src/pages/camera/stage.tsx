import { useEffect, useState, type Ref } from 'react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { iso } from '../../api/queries.ts';
import { snapshotUrl } from '../../api/urls.ts';
import type { LadderState } from '../../player/ladder.ts';
import { LiveView } from '../../player/live-view.tsx';
import { PlaybackView, type PlaybackControl } from '../../player/playback-view.tsx';
import type { Ladder } from '../../player/use-ladder.ts';
import type { Span } from '../../timeline/math.ts';
import type { Moment, MomentEvent } from './use-moment.ts';
import classes from './camera.module.css';

interface StageProps {
  readonly camera: Camera;
  readonly moment: Moment;
  readonly recorded: readonly Span[];
  readonly muted: boolean;
  readonly control: Ref<PlaybackControl>;
  readonly send: (event: MomentEvent) => void;
  readonly onLadder: (state: LadderState | null) => void;
  readonly onReady: (picture: Ladder['picture'] | null) => void;
}

/** The picture: live, the film, or single pictures while the pointer drags through time. */
export function Stage({ camera, moment, recorded, muted, control, send, onLadder, onReady }: StageProps) {
  if (moment.live)
    return (
      <LiveView camera={camera} stream="main" audio muted={muted} onState={onLadder} onReady={onReady} />
    );
  return (
    <>
      <PlaybackView
        camera={camera.id}
        recorded={recorded}
        target={moment.target}
        playing={moment.playing && !moment.scrubbing}
        rate={moment.rate}
        muted={muted}
        fps={25}
        control={control}
        onTime={(time) => send({ type: 'time', time })}
        onNow={() => send({ type: 'live' })}
      />
      {moment.scrubbing && <Scrub camera={camera.id} time={moment.time} />}
    </>
  );
}

const SCRUB_MS = 120;

/** At most one picture is asked for at a time: the newest place wins. */
function Scrub({ camera, time }: { camera: string; time: number }) {
  const [asked, setAsked] = useState(time);
  const [busy, setBusy] = useState(true);
  useEffect(() => {
    if (busy || Math.abs(asked - time) < 400) return undefined;
    const timer = setTimeout(() => {
      setBusy(true);
      setAsked(time);
    }, SCRUB_MS);
    return () => clearTimeout(timer);
  }, [busy, asked, time]);
  return (
    <img
      className={classes.scrub}
      src={snapshotUrl(camera, { at: iso(asked), height: 480 })}
      alt=""
      onLoad={() => setBusy(false)}
      onError={() => setBusy(false)}
    />
  );
}

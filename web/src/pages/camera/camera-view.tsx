import { useCallback, useMemo, useRef, useState } from 'react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { iso } from '../../api/queries.ts';
import { snapshotUrl } from '../../api/urls.ts';
import type { LadderState } from '../../player/ladder.ts';
import type { PlaybackControl } from '../../player/playback-view.tsx';
import type { Ladder } from '../../player/use-ladder.ts';
import { HOUR, limit, MINUTE, reveal, zoom, type Span } from '../../timeline/math.ts';
import { Timeline } from '../../timeline/timeline.tsx';
import { CameraBar } from './camera-bar.tsx';
import { CameraHead } from './camera-head.tsx';
import { ExportBar } from './export-bar.tsx';
import { GapList } from './gap-list.tsx';
import { SideEvents } from './side-events.tsx';
import { Stage } from './stage.tsx';
import { useCameraKeys } from './use-camera-keys.ts';
import { useHistory } from './use-history.ts';
import { useMoment } from './use-moment.ts';
import { useNow } from './use-now.ts';
import classes from './camera.module.css';

const FIRST_VIEW = 2 * HOUR;
/** Playback of an event begins a little before it. */
const BEFORE_EVENT = 3000;

export interface Ways {
  readonly live: () => void;
  readonly seek: (time: number, done?: boolean) => void;
  readonly jump: (byMs: number) => void;
  readonly step: (direction: 1 | -1) => void;
  readonly toggle: () => void;
  readonly zoom: (factor: number) => void;
  readonly picture: () => HTMLVideoElement | HTMLImageElement | null;
}

export function CameraView({ camera, startAt }: { camera: Camera; startAt: number | null }) {
  const now = useNow(1000);
  const [moment, send] = useMoment(startAt);
  const [view, setView] = useState<Span>(() => {
    const middle = startAt ?? Date.now() - FIRST_VIEW * 0.4;
    return limit({ from: middle - FIRST_VIEW / 2, to: middle + FIRST_VIEW / 2 }, Date.now());
  });
  const [muted, setMuted] = useState(true);
  const [range, setRange] = useState<Span | null>(null);
  const [ladder, setLadder] = useState<LadderState | null>(null);
  const stage = useRef<HTMLDivElement>(null);
  const control = useRef<PlaybackControl>(null);
  const livePicture = useRef<Ladder['picture'] | null>(null);
  const cursor = moment.live ? now : moment.time;
  const shown = moment.live || moment.playing ? follow(view, cursor, moment.live, now) : view;
  const history = useHistory(camera.id, shown, now);

  const ways = useMemo<Ways>(() => {
    const seek = (time: number, done = true): void => {
      if (done && time > Date.now() - 2000) {
        send({ type: 'live' });
        return;
      }
      send({ type: 'seek', time, done });
      if (done) setView((before) => reveal(before, time, Date.now()));
    };
    return {
      live: () => send({ type: 'live' }),
      seek,
      jump: (byMs) => seek(cursor + byMs),
      step: (direction) => control.current?.step(direction),
      toggle: () => send({ type: 'toggle' }),
      zoom: (factor) => setView(zoom(shown, factor, cursor, Date.now())),
      picture: () => livePicture.current?.() ?? control.current?.picture() ?? null,
    };
  }, [send, cursor, shown]);

  const toggleRange = (): void => {
    if (range) {
      setRange(null);
      return;
    }
    const end = Math.min(now, cursor + MINUTE);
    setRange({ from: end - 2 * MINUTE, to: end });
  };
  const openEvent = (id: string): void => {
    const event = history.events.find((candidate) => candidate.id === id);
    if (event) ways.seek(Date.parse(event.start) - BEFORE_EVENT);
  };
  useCameraKeys({ ways, camera, stage, onMute: () => setMuted((before) => !before), onExport: toggleRange });
  const ready = useCallback((picture: Ladder['picture'] | null) => {
    livePicture.current = picture;
  }, []);

  return (
    <div className={classes.page}>
      <CameraHead camera={camera} ladder={moment.live ? ladder : null} live={moment.live} />
      <div className={classes.columns}>
        <section className={classes.main} aria-label={`Picture of ${camera.name}`}>
          <div ref={stage} className={classes.screen}>
            <Stage
              camera={camera}
              moment={moment}
              recorded={history.recorded}
              muted={muted}
              control={control}
              send={send}
              onLadder={setLadder}
              onReady={ready}
            />
          </div>
          <CameraBar
            camera={camera}
            moment={moment}
            ways={ways}
            muted={muted}
            onMute={() => setMuted(!muted)}
            onRate={(rate) => send({ type: 'rate', rate })}
            stage={stage}
            exporting={range !== null}
            onExport={toggleRange}
            cursor={cursor}
            now={now}
          />
          <Timeline
            {...history}
            camera={camera.id}
            view={shown}
            cursor={cursor}
            live={moment.live}
            now={now}
            range={range}
            onView={setView}
            onSeek={ways.seek}
            onMark={openEvent}
            onRange={setRange}
            preview={(time) => snapshotUrl(camera.id, { at: iso(time), height: 144 })}
          />
          <GapList gaps={history.gaps} view={shown} onSeek={ways.seek} />
          {range && (
            <ExportBar
              camera={camera}
              range={range}
              recorded={history.recorded}
              onRange={setRange}
              onClose={() => setRange(null)}
            />
          )}
        </section>
        <SideEvents
          camera={camera}
          events={history.events}
          cursor={cursor}
          live={moment.live}
          onOpen={openEvent}
        />
      </div>
    </div>
  );
}

/** While time runs, the view runs with it when the cursor reaches its edge. */
function follow(view: Span, cursor: number, live: boolean, now: number): Span {
  if (!live) return cursor > view.from && cursor > view.to ? reveal(view, cursor, now) : view;
  return view.to >= cursor - 1000 && view.to < cursor + (view.to - view.from) * 0.05
    ? limit({ from: view.from + MINUTE, to: view.to + MINUTE }, now)
    : view;
}

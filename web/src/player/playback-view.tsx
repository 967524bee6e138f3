import { Loader } from '@mantine/core';
import { IconMovieOff } from '@tabler/icons-react';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { iso } from '../api/queries.ts';
import { playbackUrl } from '../api/urls.ts';
import { playableFrom, secondsAt, wallTimeAt } from '../timeline/playable.ts';
import type { Span } from '../timeline/math.ts';
import { play } from './transport.ts';
import classes from './live-view.module.css';

/** Milliseconds of recording in one film; the next one follows when it ends. */
const FILM_MS = 3_600_000;
/** This close to now there is nothing to play yet: live is nearer. */
const NOW_MS = 3000;

export interface PlaybackControl {
  /** Goes to the neighbouring picture. */
  step(direction: 1 | -1): void;
  picture(): HTMLVideoElement | null;
}

export interface PlaybackViewProps {
  readonly camera: string;
  /** What was recorded, sorted and joined. */
  readonly recorded: readonly Span[];
  /** Where to begin; a new object begins again, even at the same time. */
  readonly target: { readonly time: number };
  readonly playing: boolean;
  readonly rate: number;
  readonly muted: boolean;
  readonly fps: number;
  readonly onTime: (time: number) => void;
  /** The recording was played up to now. */
  readonly onNow: () => void;
  readonly control: Ref<PlaybackControl>;
}

interface Film {
  readonly start: number;
  readonly end: number;
}

/** Plays what was recorded, gaps left out, one film after the other. */
export function PlaybackView({
  camera,
  recorded,
  target,
  playing,
  rate,
  muted,
  fps,
  onTime,
  onNow,
  control,
}: PlaybackViewProps) {
  const video = useRef<HTMLVideoElement>(null);
  const spans = useRef(recorded);
  const [film, setFilm] = useState<Film | null>(() => filmAt(recorded, target.time));
  const [loading, setLoading] = useState(true);
  const [failed, setFailed] = useState<string | null>(null);
  const callbacks = useRef({ onTime, onNow });
  useEffect(() => {
    callbacks.current = { onTime, onNow };
    spans.current = recorded;
  });

  // A seek within what is loaded needs no new film.
  const known = recorded.length > 0;
  useEffect(() => {
    const element = video.current;
    setFilm((before) => {
      if (element && before && withinBuffer(element, spans.current, before, target.time)) {
        element.currentTime = secondsAt(spans.current, before.start, target.time);
        return before;
      }
      return filmAt(spans.current, target.time);
    });
  }, [target, known]);

  useEffect(() => {
    const element = video.current;
    if (!element || !film) return;
    setLoading(true);
    setFailed(null);
    element.src = playbackUrl(camera, iso(film.start), iso(film.end));
  }, [camera, film]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.playbackRate = rate;
    element.defaultPlaybackRate = rate;
    if (playing) play(element);
    else element.pause();
  }, [playing, rate, film]);

  useImperativeHandle(
    control,
    () => ({
      step: (direction) => {
        const element = video.current;
        if (element) element.currentTime = Math.max(0, element.currentTime + direction / Math.max(1, fps));
      },
      picture: () => video.current,
    }),
    [fps],
  );

  const report = (): void => {
    const element = video.current;
    if (element && film && !element.seeking && element.readyState >= 2) {
      callbacks.current.onTime(wallTimeAt(spans.current, film.start, element.currentTime));
    }
  };
  const ended = (): void => {
    if (!film) return;
    const reached = Math.max(
      film.start + 1000,
      wallTimeAt(spans.current, film.start, video.current?.currentTime ?? 0),
    );
    const next = filmAt(spans.current, film.end <= Date.now() - NOW_MS ? film.end : reached);
    if (next && next.start < Date.now() - NOW_MS) setFilm(next);
    else callbacks.current.onNow();
  };
  const broken = (): void => {
    setLoading(false);
    setFailed('This part of the recording cannot be played here.');
  };
  return (
    <div className={classes.view}>
      <div className={classes.stage}>
        <video
          ref={video}
          muted={muted}
          playsInline
          onTimeUpdate={report}
          onEnded={ended}
          onError={broken}
          onPlaying={() => setLoading(false)}
          onCanPlay={() => setLoading(false)}
          onWaiting={() => setLoading(true)}
        />
      </div>
      {film && loading && <Loader className={classes.loader} size="sm" color="gray" />}
      {(!film || failed !== null) && (
        <div className={classes.message} role="status">
          <IconMovieOff size={26} stroke={1.4} />
          <span>{failed ?? 'Nothing was recorded here'}</span>
        </div>
      )}
    </div>
  );
}

function filmAt(recorded: readonly Span[], time: number): Film | null {
  const start = playableFrom(recorded, time);
  return start === null
    ? null
    : { start, end: Math.min(start + FILM_MS, Math.max(start + 1000, Date.now())) };
}

function withinBuffer(video: HTMLVideoElement, spans: readonly Span[], film: Film, time: number): boolean {
  if (time < film.start || time >= film.end || video.error) return false;
  const at = secondsAt(spans, film.start, time);
  const { buffered } = video;
  return Array.from({ length: buffered.length }).some(
    (_, index) => at >= buffered.start(index) && at < buffered.end(index) - 0.2,
  );
}

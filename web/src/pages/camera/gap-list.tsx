import { formatClock, formatDuration, formatMoment } from '../../components/format.ts';
import { gapCause } from '../../components/labels.ts';
import type { Gap } from '../../timeline/draw.ts';
import { DAY, length, type Span } from '../../timeline/math.ts';
import classes from './camera.module.css';

interface GapListProps {
  readonly gaps: readonly Gap[];
  readonly view: Span;
  readonly onSeek: (time: number) => void;
}

const SHOWN = 12;
/** Playback begins so long before a gap, milliseconds. */
const BEFORE_MS = 5000;

/** What is missing in the time on the screen, and why, in words. */
export function GapList({ gaps, view, onSeek }: GapListProps) {
  const seen = gaps.filter(({ from, to }) => to > view.from && from < view.to).toReversed();
  if (seen.length === 0) return null;
  const format = length(view) > DAY ? formatMoment : formatClock;
  return (
    <ul className={classes.gaps} aria-label="Gaps in the recording">
      {seen.slice(0, SHOWN).map((gap) => (
        <li key={gap.from}>
          <button type="button" className={classes.gap} onClick={() => onSeek(gap.from - BEFORE_MS)}>
            <i aria-hidden />
            <span>{format(gap.from)}</span> {gapCause(gap.cause)}, {formatDuration(length(gap))}
          </button>
        </li>
      ))}
      {seen.length > SHOWN && <li className={classes.gap}>and {seen.length - SHOWN} more</li>}
    </ul>
  );
}

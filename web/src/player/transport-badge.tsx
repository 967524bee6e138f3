import { Tooltip } from '@mantine/core';
import { codecName } from '../components/camera-words.ts';
import type { LadderState, Rung } from './ladder.ts';
import classes from './transport-badge.module.css';

const NAMES: Record<Rung, string> = { webrtc: 'WebRTC', mse: 'MSE', jpeg: 'JPEG' };
const MEANINGS: Record<Rung, string> = {
  webrtc: 'Live by WebRTC',
  mse: 'Live by Media Source Extensions, a little later than WebRTC',
  jpeg: 'Single pictures: neither WebRTC nor MSE works here',
};

/** Says by which way the picture comes. */
interface TransportBadgeProps {
  readonly state: LadderState | null;
  readonly enabled: boolean;
  /** What the camera sends, as the API names it; null while unknown. */
  readonly codec: string | null;
}

export function TransportBadge({ state, enabled, codec }: TransportBadgeProps) {
  const playing = state?.phase === 'playing' && enabled;
  const label = !enabled
    ? 'Off'
    : playing
      ? [NAMES[state.rung], ...(codec === null ? [] : [codecName(codec)])].join(' · ')
      : state?.phase === 'connecting'
        ? 'Connecting'
        : 'No picture';
  return (
    <Tooltip label={playing ? MEANINGS[state.rung] : label}>
      <span
        className={classes.badge}
        data-tone={!enabled ? 'off' : playing ? state.rung : 'wait'}
        data-testid="transport"
      >
        <i />
        {label}
      </span>
    </Tooltip>
  );
}

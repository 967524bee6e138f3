import { Tooltip } from '@mantine/core';
import type { LadderState, Rung } from './ladder.ts';
import classes from './transport-badge.module.css';

const NAMES: Record<Rung, string> = { webrtc: 'WebRTC', mse: 'MSE', jpeg: 'JPEG' };
const MEANINGS: Record<Rung, string> = {
  webrtc: 'Live by WebRTC',
  mse: 'Live by Media Source Extensions, a little later than WebRTC',
  jpeg: 'Single pictures: neither WebRTC nor MSE works here',
};

/** Says by which way the picture comes. */
export function TransportBadge({ state, enabled }: { state: LadderState | null; enabled: boolean }) {
  const playing = state?.phase === 'playing' && enabled;
  const label =
    !enabled || !state
      ? 'Off'
      : playing
        ? NAMES[state.rung]
        : state.phase === 'connecting'
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

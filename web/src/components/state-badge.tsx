import { Badge } from '@mantine/core';
import type { CameraState } from '../../../src/contracts/entities.ts';

const LOOKS: Record<CameraState, { colour: string; text: string }> = {
  live: { colour: 'teal', text: 'Live' },
  connecting: { colour: 'yellow', text: 'Connecting' },
  idle: { colour: 'gray', text: 'Idle' },
  stalled: { colour: 'orange', text: 'Stalled' },
  unauthorized: { colour: 'red', text: 'Wrong password' },
  failed: { colour: 'red', text: 'Failed' },
  disabled: { colour: 'gray', text: 'Off' },
};

export function StateBadge({ state }: { state: CameraState }) {
  const { colour, text } = LOOKS[state];
  return (
    <Badge
      color={colour}
      variant="light"
      size="sm"
      tt="none"
      fw={500}
      style={{ flexShrink: 0 }}
      data-state={state}
    >
      {text}
    </Badge>
  );
}

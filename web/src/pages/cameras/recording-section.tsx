import { NumberInput, SimpleGrid, Stack, Switch } from '@mantine/core';
import { Panel } from '../../components/page.tsx';
import type { SectionProps } from './section.ts';

/** Whether and for how long. */
export function RecordingSection({ draft, errors, readOnly, set }: SectionProps) {
  return (
    <Panel title="Recording">
      <Stack gap="sm">
        <Switch
          label="Record around the clock"
          description="As the camera sends it, without re-encoding"
          checked={draft.record}
          disabled={readOnly}
          onChange={(event) => set({ record: event.currentTarget.checked })}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <NumberInput
            label="Keep recordings for (days)"
            min={0.01}
            max={3650}
            clampBehavior="none"
            readOnly={readOnly}
            value={draft.continuousDays}
            error={errors['continuousDays']}
            onChange={(continuousDays) => set({ continuousDays })}
          />
          <NumberInput
            label="Keep events for (days)"
            min={0.01}
            max={3650}
            clampBehavior="none"
            readOnly={readOnly}
            value={draft.eventDays}
            error={errors['eventDays']}
            onChange={(eventDays) => set({ eventDays })}
          />
        </SimpleGrid>
      </Stack>
    </Panel>
  );
}

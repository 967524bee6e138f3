import { Input, NumberInput, Slider, Stack, Switch, TagsInput } from '@mantine/core';
import { Panel } from '../../components/page.tsx';
import { COMMON_OBJECTS } from '../../components/labels.ts';
import type { SectionProps } from './section.ts';

/** What is looked for, and how closely. */
export function DetectionSection({ draft, errors, readOnly, set }: SectionProps) {
  return (
    <Panel title="Detection">
      <Stack gap="sm">
        <Switch
          label="Look for objects"
          description="Movement first, then objects where something moves"
          checked={draft.detect}
          disabled={readOnly}
          onChange={(event) => set({ detect: event.currentTarget.checked })}
        />
        <TagsInput
          label="Objects that become events"
          description="Empty: everything that the model knows"
          data={COMMON_OBJECTS}
          readOnly={readOnly}
          value={[...draft.objects]}
          error={errors['objects']}
          onChange={(objects) => set({ objects })}
        />
        <Input.Wrapper
          label={`At least ${Math.round(draft.minScore * 100)} % sure`}
          description="Lower finds more, and errs more"
          error={errors['minScore']}
        >
          <Slider
            mt={8}
            min={0.05}
            max={1}
            step={0.05}
            label={(value) => `${Math.round(value * 100)} %`}
            thumbLabel="How sure it must be"
            disabled={readOnly}
            value={draft.minScore}
            onChange={(minScore) => set({ minScore: Math.round(minScore * 100) / 100 })}
          />
        </Input.Wrapper>
        <Input.Wrapper
          label={`Sensitivity to movement: ${Math.round(draft.sensitivity * 100)} %`}
          description="Higher: less must change to count"
          error={errors['sensitivity']}
        >
          <Slider
            mt={8}
            min={0}
            max={1}
            step={0.05}
            label={(value) => `${Math.round(value * 100)} %`}
            thumbLabel="Sensitivity to movement"
            disabled={readOnly}
            value={draft.sensitivity}
            onChange={(sensitivity) => set({ sensitivity: Math.round(sensitivity * 100) / 100 })}
          />
        </Input.Wrapper>
        <NumberInput
          label="Pictures looked at per second"
          min={0.2}
          max={15}
          step={1}
          clampBehavior="none"
          readOnly={readOnly}
          value={draft.fps}
          error={errors['fps']}
          onChange={(fps) => set({ fps })}
        />
      </Stack>
    </Panel>
  );
}

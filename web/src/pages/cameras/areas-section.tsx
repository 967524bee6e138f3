import { ActionIcon, Button, Group, Stack, TagsInput, Text, TextInput, Tooltip } from '@mantine/core';
import { IconEyeOff, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Camera, Point, Zone } from '../../../../src/contracts/entities.ts';
import { COMMON_OBJECTS } from '../../components/labels.ts';
import { Panel } from '../../components/page.tsx';
import { AreaEditor, type Choice, type Shape } from './area-editor.tsx';
import { areaShare, crossesItself, freeName } from './geometry.ts';
import type { SectionProps } from './section.ts';
import classes from './form.module.css';

const START: Point[] = [
  [0.3, 0.3],
  [0.7, 0.3],
  [0.7, 0.7],
  [0.3, 0.7],
];
const MAX_AREAS = 32;

/** Zones and masks, drawn on the newest picture. */
export function AreasSection({ camera, draft, errors, readOnly, set }: SectionProps & { camera: Camera }) {
  const [choice, setChoice] = useState<Choice | null>(null);
  const { zones, masks } = draft;
  const shapes: Shape[] = [
    ...zones.map(({ name, points }, index) => ({ kind: 'zone' as const, index, name, area: points })),
    ...masks.map((area, index) => ({ kind: 'mask' as const, index, name: `mask ${index + 1}`, area })),
  ];
  const change = ({ kind, index }: Choice, area: Point[]): void => {
    if (kind === 'zone')
      set({ zones: zones.map((zone, at) => (at === index ? { ...zone, points: area } : zone)) });
    else set({ masks: masks.map((mask, at) => (at === index ? area : mask)) });
  };
  const addZone = (): void => {
    set({ zones: [...zones, { name: freeName(zones.map(({ name }) => name)), points: START, objects: [] }] });
    setChoice({ kind: 'zone', index: zones.length });
  };
  const addMask = (): void => {
    set({ masks: [...masks, START] });
    setChoice({ kind: 'mask', index: masks.length });
  };
  const remove = ({ kind, index }: Choice): void => {
    setChoice(null);
    if (kind === 'zone') set({ zones: zones.toSpliced(index, 1) });
    else set({ masks: masks.toSpliced(index, 1) });
  };
  const setZone = (index: number, changed: Partial<Zone>): void =>
    set({ zones: zones.map((zone, at) => (at === index ? { ...zone, ...changed } : zone)) });
  return (
    <Panel
      title="Zones and masks"
      note="A zone names a part of the picture, for events and filters. What moves under a mask is overlooked."
    >
      <div className={classes.areas}>
        <AreaEditor
          camera={camera.id}
          shapes={shapes}
          chosen={choice}
          readOnly={readOnly}
          onChoose={setChoice}
          onChange={change}
        />
        <Stack gap="xs" className={classes.areaList}>
          {!readOnly && (
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlus size={15} />}
                disabled={zones.length >= MAX_AREAS}
                onClick={addZone}
              >
                Add a zone
              </Button>
              <Button
                size="xs"
                variant="default"
                leftSection={<IconEyeOff size={15} />}
                disabled={masks.length >= MAX_AREAS}
                onClick={addMask}
              >
                Add a mask
              </Button>
            </Group>
          )}
          {(errors['zones'] ?? errors['masks']) && (
            <Text size="sm" c="var(--sm-bad)" role="alert">
              {errors['zones'] ?? errors['masks']}
            </Text>
          )}
          {shapes.length === 0 && (
            <Text size="sm" c="var(--sm-soft)">
              None: the whole picture counts.
            </Text>
          )}
          {shapes.map((shape) => (
            <ShapeRow
              key={`${shape.kind} ${shape.index}`}
              shape={shape}
              objects={zones[shape.index]?.objects ?? []}
              chosen={choice?.kind === shape.kind && choice.index === shape.index}
              readOnly={readOnly}
              onChoose={() => setChoice(shape)}
              onRemove={() => remove(shape)}
              onZone={(changed) => setZone(shape.index, changed)}
            />
          ))}
          {choice && !readOnly && (
            <Text size="xs" c="var(--sm-soft)">
              Drag corners, or the small dots between them to add one. Double click or Delete removes a
              corner; arrow keys move it.
            </Text>
          )}
        </Stack>
      </div>
    </Panel>
  );
}

interface ShapeRowProps {
  readonly shape: Shape;
  readonly objects: readonly string[];
  readonly chosen: boolean;
  readonly readOnly: boolean;
  readonly onChoose: () => void;
  readonly onRemove: () => void;
  readonly onZone: (change: Partial<Zone>) => void;
}

function ShapeRow({ shape, objects, chosen, readOnly, onChoose, onRemove, onZone }: ShapeRowProps) {
  return (
    <div className={classes.shape} data-kind={shape.kind} data-chosen={chosen || undefined}>
      <Group gap="xs" wrap="nowrap">
        <button type="button" className={classes.shapeName} aria-pressed={chosen} onClick={onChoose}>
          <i aria-hidden />
          {shape.name}
        </button>
        <Text size="xs" c="var(--sm-soft)" ml="auto" style={{ whiteSpace: 'nowrap' }}>
          {Math.round(areaShare(shape.area) * 100)} % of the picture
        </Text>
        {!readOnly && (
          <Tooltip label={`Remove ${shape.name}`} openDelay={400}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={`Remove ${shape.name}`}
              onClick={onRemove}
            >
              <IconTrash size={16} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {crossesItself(shape.area) && (
        <Text size="xs" c="var(--sm-warn)">
          Its edges cross: parts of it may not count.
        </Text>
      )}
      {chosen && shape.kind === 'zone' && !readOnly && (
        <Stack gap={6} mt={6}>
          <TextInput
            size="xs"
            label="Name of the zone"
            maxLength={64}
            value={shape.name}
            error={shape.name.trim() === '' ? 'Give the zone a name' : undefined}
            onChange={(event) => onZone({ name: event.currentTarget.value })}
          />
          <TagsInput
            size="xs"
            label="Objects that count here"
            placeholder={objects.length === 0 ? 'all' : ''}
            data={COMMON_OBJECTS}
            value={[...objects]}
            onChange={(next) => onZone({ objects: next })}
          />
        </Stack>
      )}
    </div>
  );
}

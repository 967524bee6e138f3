import {
  Button,
  Checkbox,
  CloseButton,
  Collapse,
  Group,
  MultiSelect,
  Select,
  TextInput,
} from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useDebouncedCallback, useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { COMMON_OBJECTS } from '../../components/labels.ts';
import { capital } from '../../components/format.ts';
import { narrowedBy, NO_FILTER, type EventFilter } from './filters.ts';
import classes from './events.module.css';

interface FilterBarProps {
  readonly cameras: readonly Camera[];
  readonly filter: EventFilter;
  /** Labels that were seen in the list, beside the common ones. */
  readonly seen: readonly string[];
  readonly onChange: (filter: EventFilter) => void;
}

export function FilterBar(props: FilterBarProps) {
  const { filter, onChange } = props;
  const [opened, { toggle }] = useDisclosure(false);
  const phone = useMediaQuery('(max-width: 48em)');
  const narrowed = narrowedBy(filter);
  return (
    <div className={classes.filters} role="search" aria-label="Filter events">
      <Group gap="xs" wrap="nowrap" className={classes.filterFirst}>
        <TextField text={filter.text} onText={(text) => onChange({ ...filter, text })} key={filter.text} />
        {phone && (
          <Button
            size="xs"
            variant={narrowed > 0 ? 'light' : 'default'}
            leftSection={<IconAdjustmentsHorizontal size={16} />}
            onClick={toggle}
            aria-expanded={opened}
          >
            Filters{narrowed > 0 && ` (${narrowed})`}
          </Button>
        )}
      </Group>
      {phone ? (
        <Collapse expanded={opened}>
          <div className={classes.filterFields}>
            <Fields {...props} />
          </div>
        </Collapse>
      ) : (
        <Fields {...props} />
      )}
      {narrowed > 0 && (
        <Button size="xs" variant="subtle" color="gray" onClick={() => onChange(NO_FILTER)}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

/** Searches a little after the last letter. */
function TextField({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [value, setValue] = useState(text);
  const report = useDebouncedCallback(onText, 400);
  const change = (next: string): void => {
    setValue(next);
    report(next.trim());
  };
  return (
    <TextInput
      size="xs"
      className={classes.search}
      aria-label="Search events by text"
      placeholder="Name, label or text"
      leftSection={<IconSearch size={15} />}
      rightSection={
        value === '' ? null : <CloseButton size="xs" aria-label="Clear text" onClick={() => change('')} />
      }
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

const SCORES = [0, 0.5, 0.6, 0.7, 0.8, 0.9];

function Fields({ cameras, filter, seen, onChange }: FilterBarProps) {
  const set = (change: Partial<EventFilter>): void => onChange({ ...filter, ...change });
  const labels = Array.from(new Set([...seen, ...filter.labels, ...COMMON_OBJECTS]));
  const zones = Array.from(
    new Set([...cameras.flatMap(({ detect }) => detect.zones.map(({ name }) => name)), ...filter.zones]),
  );
  return (
    <>
      <MultiSelect
        size="xs"
        className={classes.filter}
        aria-label="Cameras"
        placeholder={filter.cameras.length === 0 ? 'All cameras' : ''}
        searchable
        clearable
        data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
        value={[...filter.cameras]}
        onChange={(value) => set({ cameras: value })}
      />
      <MultiSelect
        size="xs"
        className={classes.filter}
        aria-label="Labels"
        placeholder={filter.labels.length === 0 ? 'All labels' : ''}
        searchable
        clearable
        data={labels.map((label) => ({ value: label, label: capital(label) }))}
        value={[...filter.labels]}
        onChange={(value) => set({ labels: value })}
      />
      {zones.length > 0 && (
        <MultiSelect
          size="xs"
          className={classes.filter}
          aria-label="Zones"
          placeholder={filter.zones.length === 0 ? 'All zones' : ''}
          clearable
          data={zones}
          value={[...filter.zones]}
          onChange={(value) => set({ zones: value })}
        />
      )}
      <Moment label="From" value={filter.from} onChange={(from) => set({ from })} />
      <Moment label="To" value={filter.to} onChange={(to) => set({ to })} />
      <Select
        size="xs"
        className={classes.score}
        aria-label="Least score"
        allowDeselect={false}
        value={String(SCORES.includes(filter.minScore) ? filter.minScore : 0)}
        onChange={(value) => set({ minScore: Number(value ?? 0) })}
        data={SCORES.map((score) => ({
          value: String(score),
          label: score === 0 ? 'Any score' : `${Math.round(score * 100)} % and more`,
        }))}
      />
      <Checkbox
        size="xs"
        label="Not reviewed"
        checked={filter.unreviewed}
        onChange={(event) => set({ unreviewed: event.currentTarget.checked })}
      />
    </>
  );
}

interface MomentProps {
  readonly label: string;
  readonly value: number | null;
  readonly onChange: (time: number | null) => void;
}

function Moment({ label, value, onChange }: MomentProps) {
  return (
    <DateTimePicker
      size="xs"
      className={classes.moment}
      aria-label={label}
      placeholder={label}
      valueFormat="YYYY-MM-DD HH:mm"
      clearable
      value={value === null ? null : new Date(value)}
      onChange={(chosen) => onChange(chosen === null ? null : new Date(chosen).getTime())}
    />
  );
}

import { Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { call, explain } from '../../api/client.ts';
import { applyEvent } from '../../api/event-cache.ts';
import { Facts, type Fact } from '../../components/facts.tsx';
import { capital, formatDuration, formatMoment } from '../../components/format.ts';
import { useMay } from '../../session/session.ts';

/** What is known about an event. */
export function EventFacts({ event, cameraName }: { event: EventRecord; cameraName: string }) {
  const may = useMay();
  const start = Date.parse(event.start);
  const facts: Fact[] = [
    ['Camera', cameraName],
    ['Seen as', `${capital(event.label)}, ${Math.round(event.score * 100)} % sure`],
    ['Began', formatMoment(start)],
    ['Lasted', event.end === null ? 'still going on' : formatDuration(Date.parse(event.end) - start)],
  ];
  if (event.zones.length > 0) facts.push(['Zones', event.zones.join(', ')]);
  for (const [name, value] of Object.entries(event.attributes))
    facts.push([capital(name), typeof value === 'string' ? value : JSON.stringify(value)]);
  return (
    <>
      <Facts facts={facts} />
      {may('events.edit') ? <NameForm event={event} /> : null}
    </>
  );
}

/** A name that a person gives: "postman", "our cat". Empty takes it away. */
function NameForm({ event }: { event: EventRecord }) {
  const queries = useQueryClient();
  const [name, setName] = useState(event.sublabel ?? '');
  const save = useMutation({
    mutationFn: () => call('updateEvent', { id: event.id, sublabel: name.trim() || null }),
    onSuccess: (changed) => applyEvent(queries, changed),
  });
  const submit = (submitted: SubmitEvent): void => {
    submitted.preventDefault();
    save.mutate();
  };
  const changed = name.trim() !== (event.sublabel ?? '');
  return (
    <form onSubmit={submit}>
      <Group gap={6} align="flex-end" wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          label="Name"
          placeholder="Who or what is it?"
          maxLength={128}
          value={name}
          error={save.error ? explain(save.error) : undefined}
          onChange={(typed) => setName(typed.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={!changed} loading={save.isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}

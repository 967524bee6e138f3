import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { cameraEventsQuery, recordingsQuery } from '../../api/queries.ts';
import type { Gap, Mark } from '../../timeline/draw.ts';
import { addDays, startOfDay, type Span } from '../../timeline/math.ts';
import { joined } from '../../timeline/playable.ts';

export interface History {
  readonly recorded: readonly Span[];
  readonly gaps: readonly Gap[];
  readonly marks: readonly Mark[];
  readonly events: readonly EventRecord[];
  readonly coverage: number | null;
}

const NONE: readonly EventRecord[] = [];

/** What exists of a camera in and around the view: whole days, so that moving a little asks for nothing new. */
export function useHistory(camera: string, view: Span, now: number): History {
  const from = startOfDay(view.from);
  const to = addDays(startOfDay(view.to), 1);
  const { data: recordings } = useQuery(recordingsQuery(camera, from, to));
  const { data: page } = useQuery(cameraEventsQuery(camera, from, to));
  const events = page?.items ?? NONE;
  const recorded = useMemo(
    () => joined((recordings?.intervals ?? []).filter(({ available }) => available).map(spanOf)),
    [recordings],
  );
  const gaps = useMemo(
    () => (recordings?.gaps ?? []).map((gap) => ({ ...spanOf(gap), cause: gap.cause })),
    [recordings],
  );
  const marks = useMemo(() => events.map((event) => markOf(event, now)), [events, now]);
  return { recorded, gaps, marks, events, coverage: recordings?.coverage ?? null };
}

const spanOf = ({ from, to }: { from: string; to: string }): Span => ({
  from: Date.parse(from),
  to: Date.parse(to),
});

const markOf = (event: EventRecord, now: number): Mark => ({
  id: event.id,
  label: event.sublabel ?? event.label,
  from: Date.parse(event.start),
  to: event.end === null ? now : Date.parse(event.end),
});

import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { EventRecord } from '../../../src/contracts/entities.ts';
import { KEYS } from './queries.ts';

export interface EventPage {
  readonly items: EventRecord[];
  readonly next?: string | undefined;
}

/** The event put in, newest first, or in the place of its older self. */
export function withEvent(items: readonly EventRecord[], event: EventRecord): EventRecord[] {
  if (items.some(({ id }) => id === event.id))
    return items.map((item) => (item.id === event.id ? event : item));
  const at = items.findIndex((item) => item.start < event.start);
  return at < 0 ? [...items, event] : items.toSpliced(at, 0, event);
}

/** Only in the place of its older self; the same array when it is not there. */
export function withChanged<T extends readonly EventRecord[]>(
  items: T,
  event: EventRecord,
): T | EventRecord[] {
  return items.some(({ id }) => id === event.id)
    ? items.map((item) => (item.id === event.id ? event : item))
    : items;
}

/** Brings everything that is on the screen up to a change of one event, without asking the server. */
export function applyEvent(queries: QueryClient, event: EventRecord): void {
  queries.setQueriesData<InfiniteData<EventPage>>(
    { queryKey: KEYS.eventList },
    (before) =>
      before && {
        ...before,
        pages: before.pages.map((page) => {
          const items = withChanged(page.items, event);
          return items === page.items ? page : { ...page, items };
        }),
      },
  );
  queries.setQueriesData<{ camera: string; from: number; to: number; items: EventRecord[] }>(
    { queryKey: KEYS.cameraEvents(event.camera) },
    (before) => {
      if (!before) return before;
      const start = Date.parse(event.start);
      if (start < before.from || start >= before.to) return before;
      return { ...before, items: withEvent(before.items, event) };
    },
  );
  queries.setQueryData([...KEYS.event(event.id)], event);
}

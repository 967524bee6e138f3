import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { withEvent, type EventPage } from '../../api/event-cache.ts';
import { KEYS } from '../../api/queries.ts';
import { onStream } from '../../api/stream.ts';
import { filterParams, matches, shows, type EventFilter } from './filters.ts';

const PAGE = 60;

export interface EventsList {
  readonly events: readonly EventRecord[];
  readonly loading: boolean;
  readonly error: Error | null;
  readonly hasMore: boolean;
  /** How many pages are here. */
  readonly pages: number;
  readonly more: () => void;
  readonly retry: () => void;
  /** What happened since, and is not in the list yet, so that nothing moves under the eyes of the reader. */
  readonly fresh: number;
  readonly showFresh: () => void;
}

/** New events that wait, and the list they belong to. */
interface Waiting {
  readonly of: readonly unknown[];
  readonly waiting: readonly EventRecord[];
}

/** The events that a filter lets through, page by page. New ones wait in `fresh` unless `atTop`. */
export function useEvents(filter: EventFilter, atTop: boolean): EventsList {
  const queries = useQueryClient();
  const params = useMemo(() => filterParams(filter), [filter]);
  const key = useMemo(() => [...KEYS.eventList, params], [params]);
  const [{ of, waiting }, setWaiting] = useState<Waiting>({ of: key, waiting: [] });
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }): Promise<EventPage> =>
      call(
        'listEvents',
        { ...params, limit: PAGE, ...(pageParam !== undefined && { cursor: pageParam }) },
        signal,
      ),
    getNextPageParam: (page) => page.next,
    refetchOnWindowFocus: false,
    staleTime: 60_000,
  });

  const insert = useCallback(
    (events: readonly EventRecord[]) => {
      queries.setQueryData<InfiniteData<EventPage>>(key, (before) => {
        const [first, ...rest] = before?.pages ?? [];
        if (!before || !first) return before;
        const items = events.reduce<readonly EventRecord[]>(withEvent, first.items);
        return { ...before, pages: [{ ...first, items: [...items] }, ...rest] };
      });
    },
    [queries, key],
  );

  useEffect(
    () =>
      onStream('event.new', ({ event }) => {
        if (!matches(filter, event)) return;
        if (atTop) insert([event]);
        else
          setWaiting((before) => ({
            of: key,
            waiting: withEvent(before.of === key ? before.waiting : [], event),
          }));
      }),
    [filter, atTop, insert, key],
  );

  const { fetchNextPage } = query;
  const more = useCallback(() => {
    fetchNextPage({ cancelRefetch: false }).catch(() => undefined);
  }, [fetchNextPage]);
  const events = useMemo(() => {
    const all = (query.data?.pages ?? []).flatMap(({ items }) => items);
    // An event that came in between two pages may stand in both.
    return Array.from(new Map(all.map((event) => [event.id, event])).values()).filter((event) =>
      shows(filter, event),
    );
  }, [query.data, filter]);
  return {
    events,
    loading: query.isPending,
    error: query.error,
    hasMore: query.hasNextPage,
    pages: query.data?.pages.length ?? 0,
    more,
    retry: () => void query.refetch(),
    fresh: of === key ? waiting.length : 0,
    showFresh: () => {
      insert(waiting);
      setWaiting({ of: key, waiting: [] });
    },
  };
}

import { Button, Text } from '@mantine/core';
import { useIntersection, useWindowScroll } from '@mantine/hooks';
import { IconArrowUp, IconBellOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { EventRecord } from '../../../../src/contracts/entities.ts';
import { camerasQuery } from '../../api/queries.ts';
import { formatNearDay } from '../../components/format.ts';
import { Nothing, Page, Trouble, Waiting } from '../../components/page.tsx';
import { startOfDay } from '../../timeline/math.ts';
import { EventCard } from './event-card.tsx';
import { EventDialog } from './event-dialog.tsx';
import { FilterBar } from './filter-bar.tsx';
import { narrowedBy, NO_FILTER, readFilter, writeFilter, type EventFilter } from './filters.ts';
import { useEvents } from './use-events.ts';
import classes from './events.module.css';

/** Scrolled less than this the list counts as being read at its top, where new events may appear. */
const TOP_PIXELS = 60;

/** What happened: newest first, narrowed by filters that stand in the address, so that a view can be sent on. */
export function EventsPage() {
  const [search, setSearch] = useSearchParams();
  const address = search.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(address)), [address]);
  const opened = search.get('event');
  const { data: cameras = [] } = useQuery(camerasQuery);
  const [scroll] = useWindowScroll();
  const list = useEvents(filter, scroll.y < TOP_PIXELS && opened === null);
  const names = useMemo(() => new Map(cameras.map(({ id, name }) => [id, name])), [cameras]);
  const nameOf = (camera: string): string => names.get(camera) ?? camera;

  const change = (next: EventFilter): void => setSearch(writeFilter(next), { replace: true });
  const open = useCallback(
    (id: string | null) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (id === null) next.delete('event');
          else next.set('event', id);
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );
  const seen = useMemo(() => Array.from(new Set(list.events.map(({ label }) => label))), [list.events]);
  const showFresh = (): void => {
    list.showFresh();
    window.scrollTo({ top: 0 });
  };
  return (
    <Page title="Events">
      <FilterBar cameras={cameras} filter={filter} seen={seen} onChange={change} />
      {list.fresh > 0 && (
        <Button
          className={classes.fresh}
          size="compact-sm"
          leftSection={<IconArrowUp size={15} />}
          onClick={showFresh}
        >
          {list.fresh === 1 ? '1 new event' : `${list.fresh} new events`}
        </Button>
      )}
      {list.error && <Trouble error={list.error} onRetry={list.retry} />}
      {list.loading && !list.error && <Waiting />}
      {!list.loading && list.events.length === 0 && !list.hasMore && (
        <Nothing
          icon={IconBellOff}
          title={narrowedBy(filter) > 0 ? 'No event fits these filters' : 'No events yet'}
        >
          {narrowedBy(filter) > 0 ? (
            <Button size="xs" variant="default" onClick={() => change(NO_FILTER)}>
              Clear filters
            </Button>
          ) : (
            <Text size="sm" c="var(--sm-soft)">
              An event appears here as soon as a camera sees something it is told to look for.
            </Text>
          )}
        </Nothing>
      )}
      <Days events={list.events} nameOf={nameOf} onOpen={open} />
      <More hasMore={list.hasMore} pages={list.pages} onMore={list.more} />
      {opened !== null && (
        <EventDialog id={opened} events={list.events} nameOf={nameOf} onOpen={open} onMore={list.more} />
      )}
    </Page>
  );
}

interface DaysProps {
  readonly events: readonly EventRecord[];
  readonly nameOf: (camera: string) => string;
  readonly onOpen: (id: string) => void;
}

function Days({ events, nameOf, onOpen }: DaysProps) {
  const days = useMemo(
    () => Array.from(Map.groupBy(events, ({ start }) => startOfDay(Date.parse(start)))),
    [events],
  );
  return days.map(([day, items]) => (
    <section key={day} aria-label={formatNearDay(day)}>
      <h2 className={classes.day}>{formatNearDay(day)}</h2>
      <div className={classes.grid}>
        {items.map((event) => (
          <EventCard key={event.id} event={event} cameraName={nameOf(event.camera)} onOpen={onOpen} />
        ))}
      </div>
    </section>
  ));
}

interface MoreProps {
  readonly hasMore: boolean;
  readonly pages: number;
  readonly onMore: () => void;
}

/** Asks for the next page shortly before its end is reached. */
function More({ hasMore, pages, onMore }: MoreProps) {
  const { ref, entry } = useIntersection({ rootMargin: '600px' });
  const near = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (near && hasMore) onMore();
    // Each page that came without filling the screen asks for the next one.
  }, [near, hasMore, pages, onMore]);
  if (!hasMore) return null;
  return (
    <div ref={ref} className={classes.more}>
      <Button size="xs" variant="default" onClick={onMore}>
        Show earlier events
      </Button>
    </div>
  );
}

import type { EventRecord } from '../../../../src/contracts/entities.ts';
import type { Params } from '../../api/client.ts';

/** What the list of events is narrowed to. Times are milliseconds since 1970. */
export interface EventFilter {
  readonly cameras: readonly string[];
  readonly labels: readonly string[];
  readonly zones: readonly string[];
  readonly text: string;
  readonly from: number | null;
  readonly to: number | null;
  /** 0 to 1. */
  readonly minScore: number;
  readonly unreviewed: boolean;
}

export const NO_FILTER: EventFilter = {
  cameras: [],
  labels: [],
  zones: [],
  text: '',
  from: null,
  to: null,
  minScore: 0,
  unreviewed: false,
};

const words = (search: URLSearchParams, name: string): string[] =>
  (search.get(name) ?? '').split(',').filter(Boolean);

function moment(search: URLSearchParams, name: string): number | null {
  const time = Date.parse(search.get(name) ?? '');
  return Number.isNaN(time) ? null : time;
}

/** The filter that stands in the address; what makes no sense there is left out. */
export function readFilter(search: URLSearchParams): EventFilter {
  const score = Number(search.get('minScore') ?? 0);
  return {
    cameras: words(search, 'camera'),
    labels: words(search, 'label'),
    zones: words(search, 'zone'),
    text: search.get('text') ?? '',
    from: moment(search, 'from'),
    to: moment(search, 'to'),
    minScore: score > 0 && score <= 1 ? score : 0,
    unreviewed: search.get('unreviewed') === '1',
  };
}

/** For the address of the page: only what is narrowed. */
export function writeFilter(filter: EventFilter): URLSearchParams {
  const search = new URLSearchParams();
  const set = (name: string, value: string): void => {
    if (value !== '') search.set(name, value);
  };
  set('camera', filter.cameras.join(','));
  set('label', filter.labels.join(','));
  set('zone', filter.zones.join(','));
  set('text', filter.text);
  if (filter.from !== null) set('from', new Date(filter.from).toISOString());
  if (filter.to !== null) set('to', new Date(filter.to).toISOString());
  if (filter.minScore > 0) set('minScore', String(filter.minScore));
  if (filter.unreviewed) set('unreviewed', '1');
  return search;
}

/** The same for the API, which does not know `unreviewed`: see `shows`. */
export function filterParams(filter: EventFilter): Params<'listEvents'> {
  const { cameras, labels, zones, text, from, to, minScore } = filter;
  return {
    ...(cameras.length > 0 && { camera: [...cameras] }),
    ...(labels.length > 0 && { label: [...labels] }),
    ...(zones.length > 0 && { zone: [...zones] }),
    ...(text !== '' && { text }),
    ...(from !== null && { from: new Date(from).toISOString() }),
    ...(to !== null && { to: new Date(to).toISOString() }),
    ...(minScore > 0 && { minScore }),
  };
}

/** Whether something that happens now belongs into the list. */
export function matches(filter: EventFilter, event: EventRecord): boolean {
  const among = (wanted: readonly string[], ...values: readonly string[]): boolean =>
    wanted.length === 0 || values.some((value) => wanted.includes(value));
  const start = Date.parse(event.start);
  return (
    among(filter.cameras, event.camera) &&
    among(filter.labels, event.label) &&
    among(filter.zones, ...event.zones) &&
    (filter.from === null || start >= filter.from) &&
    (filter.to === null || start < filter.to) &&
    event.score >= filter.minScore &&
    hasText(filter.text, event)
  );
}

const hasText = (text: string, event: EventRecord): boolean =>
  text === '' ||
  [event.label, event.sublabel ?? '', event.camera, JSON.stringify(event.attributes)].some((value) =>
    value.toLowerCase().includes(text.toLowerCase()),
  );

/** What of the answers is shown. */
export const shows = (filter: EventFilter, event: EventRecord): boolean =>
  !filter.unreviewed || !event.reviewed;

/** How many things narrow the list. */
export const narrowedBy = (filter: EventFilter): number => Array.from(writeFilter(filter).keys()).length;

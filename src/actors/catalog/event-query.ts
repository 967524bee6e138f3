import type { catalog } from '../../contracts/catalog.ts';
import type { ParamsOf } from '../../contracts/define.ts';
import type { EventRecord } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { type Caller, maySee } from '../../contracts/rights.ts';
import type { EventQuery } from '../../store/types.ts';

type EventFilter = Readonly<ParamsOf<typeof catalog.actions.listEvents>>;

/**
 * The query of the store for what a caller asks, within the cameras that the caller may see.
 * @throws SightmeshError `forbidden` for a camera named that the caller may not see, `bad_range`, `bad_request`
 */
export function eventQuery(filter: EventFilter, caller: Caller | undefined): EventQuery {
  for (const camera of filter.camera ?? []) {
    if (!maySee(caller, camera)) throw new SightmeshError('forbidden', 'this camera is not one of yours');
  }
  const own = caller === undefined || caller.cameras === '*' ? undefined : caller.cameras;
  const cameras = filter.camera ?? own;
  const from = timeOf(filter.from);
  const to = timeOf(filter.to);
  if (from !== undefined && to !== undefined && from >= to) throw new SightmeshError('bad_range');
  const given: { [K in keyof EventQuery]?: EventQuery[K] | undefined } = {
    cameras,
    labels: filter.label,
    sublabels: filter.sublabel,
    zones: filter.zone,
    text: filter.text === '' ? undefined : filter.text,
    from,
    to,
    minScore: filter.minScore,
    before: filter.cursor === undefined ? undefined : parseCursor(filter.cursor),
  };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // One more than asked tells whether there is another page.
  return { ...named, limit: filter.limit + 1 };
}

const timeOf = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time);

/** A page and where the next one begins. */
export function pageOf(
  found: readonly EventRecord[],
  limit: number,
): { items: EventRecord[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items };
}

const cursorOf = ({ id, start }: EventRecord): string => `${Date.parse(start)}_${id}`;

function parseCursor(cursor: string): { start: number; id: string } {
  const [, start, id] = /^(\d{1,15})_(.{1,180})$/.exec(cursor) ?? [];
  if (start === undefined || id === undefined) {
    throw new SightmeshError('bad_request', 'cursor: is not the `next` of a page', {
      errors: [{ path: 'cursor', message: 'is not the `next` of a page' }],
    });
  }
  return { start: Number(start), id };
}

import type { EventRecord } from '../../contracts/entities.ts';
import type { ObjectEvent } from '../../inference/event-builder.ts';

const iso = (time: number): string => new Date(Math.trunc(time)).toISOString();
const digits = (score: number): number => Math.round(score * 1000) / 1000;

const snapshotPath = (id: string): string => `/api/v1/events/${id}/snapshot.jpg`;
const clipPath = (id: string): string => `/api/v1/events/${id}/clip.mp4`;

/** The event as everybody sees it. @param pictured its snapshot is on disk */
export function eventRecord(camera: string, event: ObjectEvent, pictured: boolean): EventRecord {
  return {
    id: event.id,
    camera,
    label: event.label,
    sublabel: null,
    score: digits(event.score),
    start: iso(event.start),
    end: event.end === null ? null : iso(Math.max(event.start, event.end)),
    zones: [...event.zones],
    box: event.box,
    path: event.path.map(([at, box]) => [Math.round(at), box]),
    attributes: event.rested ? { rested: true } : {},
    snapshot: pictured ? snapshotPath(event.id) : null,
    clip: clipPath(event.id),
    reviewed: false,
  };
}

/** When an event that nobody ended was seen last, milliseconds since 1970, as far as its record tells. */
export function lastKnown(record: Pick<EventRecord, 'start' | 'path'>): number {
  return Date.parse(record.start) + Math.max(0, ...record.path.map(([at]) => at));
}

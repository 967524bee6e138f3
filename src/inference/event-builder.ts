import type { Box, Zone } from '../contracts/entities.ts';
import { area, centre } from './geometry.ts';
import type { TrackedObject } from './tracker.ts';
import { zonesOf } from './zones.ts';

export interface EventSettings {
  /** Labels that become events; empty means all. */
  readonly objects: readonly string[];
  readonly minScore: number;
  readonly zones: readonly Zone[];
}

/** What is known of an event; times in milliseconds since 1970. */
export interface ObjectEvent {
  readonly id: string;
  readonly track: string;
  readonly label: string;
  /** The best so far. */
  readonly score: number;
  readonly start: number;
  readonly end: number | null;
  /** Every zone it stood in, in order of entering. */
  readonly zones: readonly string[];
  /** Where it was seen best, and when. */
  readonly box: Box;
  readonly bestTime: number;
  /** `[milliseconds since start, box]` */
  readonly path: readonly [number, Box][];
  /** It ended because the thing came to rest, not because it left. */
  readonly rested: boolean;
}

export interface EventChange {
  /** `better`: too soon after the last update to tell anybody, but worth a snapshot. */
  readonly type: 'new' | 'update' | 'better' | 'end';
  readonly event: ObjectEvent;
  /** The newest picture shows the object better than any before: time for a snapshot. */
  readonly better: boolean;
}

interface Open {
  event: ObjectEvent;
  quality: number;
  lastSeen: number;
  reportedAt: number;
  /** Something changed since the last report. */
  news: boolean;
}

const UPDATE_EVERY_MS = 1_000;
const BETTER_BY = 1.1;
const MAX_PATH = 120;
/** A path point is kept when the object moved by this share of the picture. */
const PATH_STEP = 0.01;

/**
 * Turns tracks into events: `new` when a wanted, confirmed object is seen well enough, `update` when it is seen
 * better, enters a zone or changes its label, `end` when its track is gone or it came to rest. What rests makes no
 * second event until it moves again. Pure.
 */
export class EventBuilder {
  #settings: EventSettings;
  readonly #newId: (start: number) => string;
  readonly #open = new Map<string, Open>();

  constructor(settings: EventSettings, newId: (start: number) => string) {
    this.#settings = settings;
    this.#newId = newId;
  }

  configure(settings: EventSettings): void {
    this.#settings = settings;
  }

  get open(): readonly ObjectEvent[] {
    return [...this.#open.values()].map(({ event }) => event);
  }

  /** @param tracks all that exist at `time`, as the tracker gives them. */
  update(tracks: readonly TrackedObject[], time: number): EventChange[] {
    const changes: EventChange[] = [];
    const alive = new Set<string>();
    for (const track of tracks) {
      alive.add(track.id);
      const open = this.#open.get(track.id);
      const change = open === undefined ? this.#begin(track, time) : this.#continue(open, track, time);
      if (change !== undefined) changes.push(change);
    }
    for (const [id, open] of this.#open) {
      if (!alive.has(id)) changes.push(this.#end(open, open.lastSeen, false));
    }
    return changes;
  }

  /** Ends everything: the camera went away or detection was turned off. */
  endAll(): EventChange[] {
    return [...this.#open.values()].map((open) => this.#end(open, open.lastSeen, false));
  }

  #wanted(label: string): boolean {
    return this.#settings.objects.length === 0 || this.#settings.objects.includes(label);
  }

  #begin(track: TrackedObject, time: number): EventChange | undefined {
    if (!track.seen || !track.confirmed || track.resting) return undefined;
    if (track.score < this.#settings.minScore || !this.#wanted(track.label)) return undefined;
    const event: ObjectEvent = {
      id: this.#newId(track.firstSeen),
      track: track.id,
      label: track.label,
      score: track.score,
      start: track.firstSeen,
      end: null,
      zones: zonesOf(track.label, track.box, this.#settings.zones),
      box: track.box,
      bestTime: time,
      path: [[time - track.firstSeen, track.box]],
      rested: false,
    };
    this.#open.set(track.id, {
      event,
      quality: quality(track),
      lastSeen: time,
      reportedAt: time,
      news: false,
    });
    return { type: 'new', event, better: true };
  }

  #continue(open: Open, track: TrackedObject, time: number): EventChange | undefined {
    if (track.resting) return this.#end(open, track.lastSeen, true);
    if (!track.seen) return undefined;
    open.lastSeen = time;
    const before = open.event;
    const now = quality(track);
    const better = now > open.quality * BETTER_BY;
    if (better) open.quality = now;
    const entered = zonesOf(track.label, track.box, this.#settings.zones).filter(
      (zone) => !before.zones.includes(zone),
    );
    const label = this.#wanted(track.label) ? track.label : before.label;
    open.event = {
      ...before,
      label,
      score: Math.max(before.score, track.score),
      zones: entered.length === 0 ? before.zones : [...before.zones, ...entered],
      path: extendPath(before.path, time - before.start, track.box),
      ...(better ? { box: track.box, bestTime: time } : {}),
    };
    open.news ||= better || entered.length > 0 || label !== before.label;
    const due = time - open.reportedAt >= UPDATE_EVERY_MS || entered.length > 0;
    if (!open.news || !due) return better ? { type: 'better', event: open.event, better } : undefined;
    open.reportedAt = time;
    open.news = false;
    return { type: 'update', event: open.event, better };
  }

  #end(open: Open, end: number, rested: boolean): EventChange {
    this.#open.delete(open.event.track);
    return { type: 'end', event: { ...open.event, end, rested }, better: false };
  }
}

/** Large and certain is good; cut off by the picture's edge is not. */
function quality(track: TrackedObject): number {
  const [x, y, width, height] = track.box;
  const cut = x <= 0.005 || y <= 0.005 || x + width >= 0.995 || y + height >= 0.995;
  return track.score * Math.sqrt(area(track.box)) * (cut ? 0.7 : 1);
}

function extendPath(path: readonly [number, Box][], at: number, box: Box): readonly [number, Box][] {
  const last = path.at(-1);
  if (last !== undefined) {
    const [ax, ay] = centre(last[1]);
    const [bx, by] = centre(box);
    if (Math.hypot(ax - bx, ay - by) < PATH_STEP) return path;
  }
  const longer: [number, Box][] = [...path, [at, box]];
  return longer.length <= MAX_PATH ? longer : longer.filter((_, index) => index % 2 === 0);
}

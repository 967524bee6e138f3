import type { EventRecord } from '../contracts/entities.ts';
import type { OutageRecord, SegmentRecord, Store } from '../store/types.ts';
import { removeSegments } from './removal.ts';
import { type KeepRule, planRetention, type RetainedSegment } from './retention.ts';
import type { VolumeSet } from './volume-set.ts';

export interface RetentionParts {
  readonly store: Pick<Store, 'segments' | 'settings' | 'events' | 'outages' | 'wanted'>;
  readonly volumes: VolumeSet;
  readonly nodeId: string;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** How long each camera's recordings are kept. Rejects when that is not known: then nothing is removed for its age. */
  readonly rules: () => Promise<ReadonlyMap<string, KeepRule>>;
  /** For recordings of cameras that are gone. */
  readonly orphans: KeepRule;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onSegmentsRemoved?: (segments: readonly SegmentRecord[]) => void;
  /** Their pictures can go. */
  readonly onEventsRemoved?: (events: readonly EventRecord[]) => Promise<void>;
  /** Between two rounds, milliseconds. Default 30,000. */
  readonly periodMs?: number;
}

const DAY_MS = 86_400_000;
const BATCH = 200;
/** Around an event, milliseconds: what was recorded just before and after belongs to it. */
const EVENT_MARGIN_MS = 10_000;
/** How often everything that is kept for an event is looked at again. */
const RECHECK_MS = 3_600_000;

/**
 * Removes what is too old and, where a volume is short of room, the oldest on it: every 30 s and as soon as a volume gets
 * short. Never what is being written.
 */
export class RetentionRunner {
  readonly #parts: RetentionParts;
  /** Up to where the segments of a camera were looked at; what is before it is kept for an event. */
  readonly #looked = new Map<string, number>();
  #lookedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #unlisten: (() => void) | undefined;
  #stopped = false;
  #failed = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#unlisten = this.#parts.volumes.onShort(() => {
      void this.run();
    });
    this.#schedule();
  }

  /** Idempotent; a round that runs ends soon. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#unlisten?.();
    await this.#running;
  }

  /** One round; while one runs, that one. Never rejects: what fails is tried again in the next. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #round(): Promise<void> {
    try {
      await this.#makeRoom();
      await this.#removeOld();
      this.#failed = false;
    } catch (err) {
      if (!this.#failed) this.#parts.log.warn({ err }, 'old recordings could not be removed');
      this.#failed = true;
    }
  }

  async #makeRoom(): Promise<void> {
    const { volumes } = this.#parts;
    await volumes.measure();
    const exhausted: string[] = [];
    for (const room of volumes.rooms()) {
      if (room.freeBytes >= room.minFreeBytes) continue;
      const freed = await this.#makeRoomOn(room.id, room.targetFreeBytes - room.freeBytes);
      if (room.freeBytes + freed < room.minFreeBytes) exhausted.push(room.id);
    }
    // What was freed counts as soon as it is measured.
    await volumes.measure();
    await volumes.setExhausted(exhausted);
  }

  /** Removes the oldest until so many bytes are freed or nothing is left. Returns how many are. */
  async #makeRoomOn(volume: string, wanted: number): Promise<number> {
    let freed = 0;
    while (freed < wanted && !this.#stopped) {
      const oldest = await this.#parts.store.segments.oldest(volume, BATCH);
      const room = { id: volume, freeBytes: freed, minFreeBytes: wanted, targetFreeBytes: wanted };
      const { removals } = planRetention({
        now: this.#parts.now(),
        segments: oldest.map(retained),
        rules: new Map(),
        orphans: { continuousDays: Infinity, eventDays: Infinity },
        volumes: [room],
      });
      const gone = await this.#remove(oldest, removals, 'space');
      if (gone.length === 0) break;
      freed += gone.reduce((sum, { bytes }) => sum + bytes, 0);
      await this.#noteDeleted(gone);
    }
    return freed;
  }

  async #removeOld(): Promise<void> {
    const { orphans, now } = this.#parts;
    const rules = await this.#parts.rules();
    if (now() - this.#lookedAt > RECHECK_MS) {
      this.#looked.clear();
      this.#lookedAt = now();
      for (const camera of await this.#orphaned(rules)) await this.#removeOldOf(camera, orphans);
      await this.#removeFacts(undefined, longest([...rules.values(), orphans]));
    }
    for (const [camera, rule] of rules) {
      if (this.#stopped) return;
      await this.#removeOldOf(camera, rule);
      await this.#removeFacts(camera, rule);
    }
  }

  async #orphaned(rules: ReadonlyMap<string, KeepRule>): Promise<Set<string>> {
    const usage = await this.#parts.store.segments.usage();
    return new Set(usage.map(({ camera }) => camera).filter((camera) => !rules.has(camera)));
  }

  async #removeOldOf(camera: string, rule: KeepRule): Promise<void> {
    const { store, now } = this.#parts;
    const cutoff = now() - rule.continuousDays * DAY_MS;
    let looked = this.#looked.get(camera) ?? 0;
    let removedTo = 0;
    while (!this.#stopped) {
      const query = { camera, closed: true, from: looked, to: cutoff, limit: BATCH };
      const segments = (await store.segments.find(query)).filter(({ to }) => to < cutoff);
      if (segments.length === 0) break;
      const hasEvent = await this.#eventsOf(camera, segments);
      const { removals } = planRetention({
        now: now(),
        segments: segments.map(retained),
        rules: new Map([[camera, rule]]),
        orphans: rule,
        volumes: [],
        hasEvent,
      });
      const gone = await this.#remove(segments, removals, 'age');
      for (const { to } of gone) removedTo = Math.max(removedTo, to);
      looked = Math.max(looked, ...segments.map(({ to }) => to));
    }
    this.#looked.set(camera, looked);
    if (removedTo > 0) await this.#trimWanted(camera, removedTo);
  }

  /** Which of the segments, sorted by time, have an event in them. */
  async #eventsOf(
    camera: string,
    segments: readonly SegmentRecord[],
  ): Promise<(segment: RetainedSegment) => boolean> {
    const from = Math.min(...segments.map((segment) => segment.from)) - EVENT_MARGIN_MS;
    const to = Math.max(...segments.map((segment) => segment.to)) + EVENT_MARGIN_MS;
    const spans: { from: number; to: number }[] = [];
    let before: { start: number; id: string } | undefined;
    for (;;) {
      const page = { cameras: [camera], from, to, limit: BATCH, ...(before && { before }) };
      const events = await this.#parts.store.events.find(page);
      for (const { start, end } of events) {
        spans.push({ from: Date.parse(start) - EVENT_MARGIN_MS, to: endOf(end) + EVENT_MARGIN_MS });
      }
      const last = events.at(-1);
      if (last === undefined || events.length < BATCH) break;
      before = { start: Date.parse(last.start), id: last.id };
    }
    return (segment) => spans.some((span) => span.from < segment.to && span.to > segment.from);
  }

  async #remove(
    segments: readonly SegmentRecord[],
    removals: readonly { readonly segment: { readonly id: string } }[],
    reason: 'age' | 'space',
  ): Promise<SegmentRecord[]> {
    const ids = new Set(removals.map(({ segment }) => segment.id));
    const going = segments.filter(({ id }) => ids.has(id));
    const gone = await removeSegments(this.#parts, going);
    if (reason === 'age') gone.push(...(await this.#removeLost(going)));
    if (gone.length > 0) {
      const bytes = gone.reduce((sum, segment) => sum + segment.bytes, 0);
      this.#parts.log.info({ segments: gone.length, bytes, reason }, 'old recordings were removed');
      this.#parts.onSegmentsRemoved?.(gone);
    }
    return gone;
  }

  /** Rows that are too old on volumes of this node that are not here any more: nobody else will remove them. */
  async #removeLost(segments: readonly SegmentRecord[]): Promise<SegmentRecord[]> {
    const { volumes, store } = this.#parts;
    const missing = new Set(volumes.list().flatMap(({ id, state }) => (state === 'missing' ? [id] : [])));
    const lost = segments.filter(({ volume }) => missing.has(volume));
    if (lost.length > 0) await store.segments.remove(lost.map(({ id }) => id));
    return lost;
  }

  /** What is missing from now on was recorded once. One record for each camera. */
  async #noteDeleted(segments: readonly SegmentRecord[]): Promise<void> {
    const { store, nodeId } = this.#parts;
    for (const camera of new Set(segments.map((segment) => segment.camera))) {
      const own = segments.filter((segment) => segment.camera === camera);
      const id = `${camera}/deleted-${nodeId}`;
      const known = (await store.outages.find({ camera })).find((outage) => outage.id === id);
      const from = Math.min(known?.from ?? Infinity, ...own.map((segment) => segment.from));
      const to = Math.max(known?.to ?? 0, ...own.map((segment) => segment.to));
      const outage: OutageRecord = { id, camera, node: nodeId, from, to, cause: 'deleted' };
      await store.outages.save(outage);
    }
  }

  /** Nobody wants to have recorded what is older than it is kept. */
  async #trimWanted(camera: string, before: number): Promise<void> {
    const { wanted } = this.#parts.store;
    await wanted.removeBefore(before, camera);
    for (const record of await wanted.find({ camera, to: before })) {
      if (record.from < before) await wanted.save({ ...record, from: before });
    }
  }

  /** Events, and why something is missing. Of all cameras when none is named. */
  async #removeFacts(camera: string | undefined, rule: KeepRule): Promise<void> {
    const { store, now, onEventsRemoved } = this.#parts;
    await store.outages.removeBefore(now() - longest([rule]).eventDays * DAY_MS, camera);
    for (;;) {
      const events = await store.events.removeBefore(now() - rule.eventDays * DAY_MS, camera, BATCH);
      if (events.length > 0) await onEventsRemoved?.(events);
      if (events.length < BATCH || this.#stopped) return;
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.run().finally(() => {
        this.#schedule();
      });
    }, this.#parts.periodMs ?? 30_000);
    this.#timer.unref();
  }
}

const retained = ({ id, camera, volume, from, to, bytes, closed }: SegmentRecord): RetainedSegment => ({
  id,
  camera,
  volume,
  from,
  to,
  bytes,
  open: !closed,
});

/** An event that lasts has no end yet. */
const endOf = (end: string | null): number => (end === null ? Infinity : Date.parse(end));

function longest(rules: readonly KeepRule[]): KeepRule {
  const days = Math.max(...rules.flatMap(({ continuousDays, eventDays }) => [continuousDays, eventDays]));
  return { continuousDays: days, eventDays: days };
}

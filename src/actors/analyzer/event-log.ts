import type { EventPictures } from '../../archive/event-pictures.ts';
import type { EventRecord } from '../../contracts/entities.ts';
import type { EventName } from '../../contracts/events.ts';
import type { EventChange, ObjectEvent } from '../../inference/event-builder.ts';
import type { Logger } from '../../mixins/health.ts';
import type { Journal } from '../../store/types.ts';
import { eventRecord } from './event-record.ts';

export interface EventLogOptions {
  readonly camera: string;
  readonly log: Logger;
  readonly journal: Pick<Journal, 'append'>;
  readonly pictures: Pick<EventPictures, 'save'>;
  publish(name: Extract<EventName, `event.${string}`>, event: EventRecord): Promise<void>;
  /** Before an entry that the journal refused is offered again, milliseconds. Default 1,000. */
  readonly retryMs?: number;
}

interface Pending {
  event: ObjectEvent;
  /** Undefined when only the picture is new. */
  name: 'event.new' | 'event.update' | 'event.end' | undefined;
  jpeg: Buffer | undefined;
}

interface Open {
  event: ObjectEvent;
  lastSeen: number;
}

const MAX_PENDING = 500;

/**
 * Carries the events of one camera outside: picture to disk, record into the journal, then to everybody, in this order
 * and one after the other. While the disk is slow, newer words about an event take the place of older ones, so that
 * no more waits than there are events.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #open = new Map<string, Open>();
  /** Events whose picture is on disk, and events of which everybody was told. */
  readonly #pictured = new Set<string>();
  readonly #told = new Set<string>();
  readonly #pending = new Map<string, Pending>();
  #running: Promise<void> | undefined;
  #closing = false;
  #wake: () => void = () => undefined;
  /** Why nothing can be written; null while all is well. */
  problem: string | null = null;
  /** Events given up because the journal took none for too long. */
  lost = 0;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** True for the events of this life. */
  knows(id: string): boolean {
    return this.#open.has(id) || this.#pending.has(id) || this.#told.has(id);
  }

  change({ type, event }: EventChange, jpeg: Buffer | undefined): void {
    if (type === 'end') this.#open.delete(event.id);
    else this.#open.set(event.id, { event, lastSeen: event.start + (event.path.at(-1)?.[0] ?? 0) });
    this.#enqueue(event, type === 'better' ? undefined : `event.${type}`, jpeg);
  }

  /** A track was seen; its event will not end before. */
  seen(track: string, time: number): void {
    for (const open of this.#open.values()) {
      if (open.event.track === track) open.lastSeen = Math.max(open.lastSeen, time);
    }
  }

  /** Ends all that lasts when it was seen last: the camera or the analysis went away. */
  endAll(): void {
    for (const { event, lastSeen } of [...this.#open.values()]) {
      this.change({ type: 'end', event: { ...event, end: lastSeen }, better: false }, undefined);
    }
  }

  /** Ends an event of an earlier life as it stands in its record. */
  async adopt(record: EventRecord, end: number): Promise<void> {
    const ended = { ...record, end: new Date(Math.trunc(end)).toISOString() };
    await this.#options.journal.append({ kind: 'event', event: ended });
    await this.#options.publish('event.end', ended);
  }

  /** Resolves when all that was told is written. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes what waits; what the journal refuses now is lost. */
  close(): Promise<void> {
    this.#closing = true;
    this.#wake();
    return this.settled();
  }

  #enqueue(event: ObjectEvent, name: Pending['name'], jpeg: Buffer | undefined): void {
    const waiting = this.#pending.get(event.id);
    if (waiting === undefined) {
      this.#makeRoom();
      this.#pending.set(event.id, { event, name, jpeg });
    } else {
      waiting.event = event;
      waiting.name = name ?? waiting.name;
      waiting.jpeg = jpeg ?? waiting.jpeg;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  #makeRoom(): void {
    const [oldest] = this.#pending.keys();
    if (this.#pending.size < MAX_PENDING || oldest === undefined) return;
    this.#pending.delete(oldest);
    this.lost += 1;
  }

  async #run(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#write(next);
  }

  async #write({ event, name, jpeg }: Pending): Promise<void> {
    const { camera } = this.#options;
    if (jpeg !== undefined) await this.#savePicture(event, jpeg);
    if (name === undefined) return;
    const record = eventRecord(camera, event, this.#pictured.has(event.id));
    if (await this.#append(record)) {
      if (!this.#told.has(event.id)) await this.#publish('event.new', record);
      if (name !== 'event.new') await this.#publish(name, record);
      this.#told.add(event.id);
    } else {
      this.lost += 1;
    }
    if (event.end === null) return;
    this.#told.delete(event.id);
    this.#pictured.delete(event.id);
  }

  async #savePicture(event: ObjectEvent, jpeg: Buffer): Promise<void> {
    const { camera, pictures, log } = this.#options;
    try {
      await pictures.save(event.id, camera, event.start, jpeg);
      this.#pictured.add(event.id);
    } catch (error) {
      log.warn({ camera, event: event.id, err: error }, 'the picture of an event could not be saved');
    }
  }

  /** Offers the record until the journal takes it. False when the log was closed meanwhile. */
  async #append(event: EventRecord): Promise<boolean> {
    const { camera, journal, log } = this.#options;
    for (;;) {
      try {
        await journal.append({ kind: 'event', event });
        this.problem = null;
        return true;
      } catch (error) {
        if (this.problem === null) log.error({ camera, err: error }, 'an event could not be written');
        this.problem = 'Events cannot be written; see the log of the node.';
      }
      if (this.#closing) return false;
      await this.#pause(this.#options.retryMs ?? 1_000);
    }
  }

  async #publish(name: 'event.new' | 'event.update' | 'event.end', event: EventRecord): Promise<void> {
    try {
      await this.#options.publish(name, event);
    } catch (error) {
      this.#options.log.warn({ event: event.id, err: error }, 'nobody could be told of an event');
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(): Pending | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    this.#pending.delete(first[0]);
    return first[1];
  }
}

/**
 * The facts of the system behind one asynchronous interface. SQLite implements it for one node, MongoDB for a cluster,
 * proven by the same conformance suite. Times are milliseconds since 1970 unless a field is part of
 * an entity of the contracts, which has RFC 3339 strings.
 */
import type { z } from 'zod';
import type { Camera, EventRecord, GapCause, User } from '../contracts/entities.ts';

export type Cause = z.output<typeof GapCause>;

/** A camera as it is kept: credentials only sealed (see secrets.ts). */
export type CameraRecord = Omit<Camera, 'hasCredentials'> & {
  /** Sealed JSON `{username, password}`; null when there are none. */
  readonly credentials: string | null;
};

export interface CameraRepository {
  /** By id. */
  list(): Promise<CameraRecord[]>;
  get(id: string): Promise<CameraRecord | undefined>;
  /** False when the id is taken. */
  insert(record: CameraRecord): Promise<boolean>;
  /** Replaces the record whose version is `expected`; false when it is gone or has another version. */
  update(record: CameraRecord, expected: number): Promise<boolean>;
  /** False when there was none. */
  remove(id: string): Promise<boolean>;
}

export type UserRecord = User & {
  /** PHC string, argon2id. */
  readonly passwordHash: string;
  /** Rises by one with each change. */
  readonly version: number;
};

export interface UserRepository {
  list(): Promise<UserRecord[]>;
  get(name: string): Promise<UserRecord | undefined>;
  /** False when the name is taken; names that differ only in case are the same. */
  insert(record: UserRecord): Promise<boolean>;
  /** Replaces the record whose version is `expected`; false when it is gone or has another version. */
  update(record: UserRecord, expected: number): Promise<boolean>;
  remove(name: string): Promise<boolean>;
}

export interface SessionRecord {
  /** The `jti` of the token. */
  readonly id: string;
  readonly user: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly address: string | null;
  readonly agent: string | null;
}

export interface SessionRepository {
  insert(record: SessionRecord): Promise<void>;
  /** Undefined when it was removed or has expired at `now`. */
  get(id: string, now: number): Promise<SessionRecord | undefined>;
  remove(id: string): Promise<boolean>;
  /** All sessions of a user but `except`; the number removed. */
  removeOfUser(user: string, except?: string): Promise<number>;
  /** The number removed. */
  removeExpired(now: number): Promise<number>;
}

/** One file of recorded media on a volume. */
export interface SegmentRecord {
  /** Unique for ever: `<camera>/<stream>/<start ms>-e<epoch>-r<replica>`. */
  readonly id: string;
  readonly camera: string;
  readonly stream: string;
  readonly replica: number;
  readonly epoch: number;
  /** Who wrote it. */
  readonly node: string;
  /** UUID of the volume, and the path in it with `/` between names. */
  readonly volume: string;
  readonly path: string;
  readonly from: number;
  /** End of the last sample known to be on disk. */
  readonly to: number;
  readonly bytes: number;
  readonly closed: boolean;
  /** RFC 6381, comma separated: `avc1.4d001f,mp4a.40.2`. */
  readonly codecs: string;
}

export interface SegmentQuery {
  readonly camera?: string;
  readonly stream?: string;
  readonly volume?: string;
  readonly node?: string;
  readonly closed?: boolean;
  /** Overlapping [from, to): a segment that ends at `from` or begins at `to` is not in it. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export interface SegmentRepository {
  /**
   * Writes or updates. A row never goes backward: `to` and `bytes` keep the greater value and `closed` stays true, so
   * that a repeated older entry does no harm. Use `replace` to correct a row after a repair.
   */
  save(segment: SegmentRecord): Promise<void>;
  /** Writes exactly this, whatever was there. */
  replace(segment: SegmentRecord): Promise<void>;
  get(id: string): Promise<SegmentRecord | undefined>;
  /** By `from`, then id. */
  find(query: SegmentQuery): Promise<SegmentRecord[]>;
  remove(ids: readonly string[]): Promise<void>;
  /** Closed segments of a volume, oldest first, for retention. */
  oldest(volume: string, limit: number): Promise<SegmentRecord[]>;
  /** Bytes per volume and camera. */
  usage(): Promise<
    { volume: string; camera: string; bytes: number; segments: number; from: number; to: number }[]
  >;
}

/** Why a camera was not recorded. */
export interface OutageRecord {
  /** Unique; the same id again updates it. */
  readonly id: string;
  readonly camera: string;
  readonly node: string;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  readonly cause: Cause;
}

/** An interval in which recording was wanted. */
export interface WantedRecord {
  readonly id: string;
  readonly camera: string;
  readonly from: number;
  /** Null while it is wanted. */
  readonly to: number | null;
}

export interface IntervalQuery {
  readonly camera?: string;
  /** Overlapping [from, to); an open interval reaches to the end of time. */
  readonly from?: number;
  readonly to?: number;
  /** Only those that have no end yet. */
  readonly open?: boolean;
}

export interface IntervalRepository<T> {
  /** Writes or replaces the one with the same id. One that has ended is not opened again. */
  save(record: T): Promise<void>;
  /** By `from`, then id. */
  find(query: IntervalQuery): Promise<T[]>;
  /** Those that ended before; the number removed. */
  removeBefore(time: number, camera?: string): Promise<number>;
}

export interface EventQuery {
  readonly cameras?: readonly string[];
  readonly labels?: readonly string[];
  readonly sublabels?: readonly string[];
  readonly zones?: readonly string[];
  /** Part of label, sublabel or a text or number in the attributes, in any case (see fold.ts). */
  readonly text?: string;
  /** Overlapping [from, to); an event without end counts as lasting. */
  readonly from?: number;
  readonly to?: number;
  readonly minScore?: number;
  readonly limit: number;
  /** Events older than this one: start in ms and id of the last of the page before. */
  readonly before?: { readonly start: number; readonly id: string };
}

export interface EventRepository {
  /** Writes or updates what the analysis knows. What a person changed by `edit` stays. */
  save(event: EventRecord): Promise<void>;
  get(id: string): Promise<EventRecord | undefined>;
  /** Newest start first, then id, descending. */
  find(query: EventQuery): Promise<EventRecord[]>;
  /** Undefined when there is no such event. */
  edit(
    id: string,
    change: { readonly reviewed?: boolean; readonly sublabel?: string | null },
  ): Promise<EventRecord | undefined>;
  /** Ended events with a start before, of one camera when named, oldest first; removed and returned. */
  removeBefore(time: number, camera: string | undefined, limit: number): Promise<EventRecord[]>;
}

export interface VolumeRecord {
  readonly id: string;
  readonly node: string | null;
  readonly path: string;
  readonly tier: 'hot' | 'cold';
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly usedBytes: number;
  readonly state: 'ok' | 'full' | 'missing' | 'failed';
  readonly message: string | null;
}

export interface VolumeRepository {
  list(): Promise<VolumeRecord[]>;
  get(id: string): Promise<VolumeRecord | undefined>;
  save(volume: VolumeRecord): Promise<void>;
  remove(id: string): Promise<boolean>;
}

export interface AuditRecord {
  /** Sorts by time. */
  readonly id: string;
  readonly time: number;
  readonly user: string;
  readonly action: string;
  readonly target: string | null;
  readonly address: string | null;
  readonly ok: boolean;
}

export interface AuditRepository {
  /** A second record with the same id is ignored. */
  add(record: AuditRecord): Promise<void>;
  /** Newest first; `before` is the id of the last record of the page before. */
  list(limit: number, before?: string): Promise<AuditRecord[]>;
  removeBefore(time: number): Promise<number>;
}

export interface SettingsRepository {
  /** The JSON value, undefined when it was never set. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** False when somebody set it before; then nothing changes. */
  setIfAbsent(key: string, value: unknown): Promise<boolean>;
  remove(key: string): Promise<boolean>;
}

/** What is known about a node between its lives. */
export interface NodeRecord {
  readonly id: string;
  readonly host: string;
  readonly incarnation: string;
  readonly startedAt: number;
  /** Last sign of life; the time from here to the next start was `node_down`. */
  readonly seenAt: number;
  /** Null after a crash. */
  readonly stoppedAt: number | null;
}

export interface NodeRepository {
  list(): Promise<NodeRecord[]>;
  get(id: string): Promise<NodeRecord | undefined>;
  save(node: NodeRecord): Promise<void>;
  remove(id: string): Promise<boolean>;
}

/** Facts that go into the journal of the node first. Each may be applied twice without harm. */
export type JournalEntry =
  | { readonly kind: 'segment'; readonly segment: SegmentRecord }
  | { readonly kind: 'event'; readonly event: EventRecord }
  | { readonly kind: 'outage'; readonly outage: OutageRecord }
  | { readonly kind: 'wanted'; readonly wanted: WantedRecord }
  | { readonly kind: 'audit'; readonly audit: AuditRecord };

export interface JournalSink {
  /** How far the journal of a node is applied; 0 at the beginning. */
  cursor(node: string): Promise<number>;
  /**
   * Applies entries and moves the cursor to `upTo`, never backward. The cursor stands at `upTo` only when all entries
   * are kept; after a failure some may be, and all are to be given again. Entries of an `upTo` at or below the cursor
   * are passed over.
   * @throws StoreUnavailableError when no entry is to blame.
   */
  apply(node: string, upTo: number, entries: readonly JournalEntry[]): Promise<void>;
}

/**
 * The durable file of a node into which events and index entries go first; the store is filled from it. The store may
 * be slow or away: nothing is lost and nobody waits for it.
 */
export interface Journal {
  /** Resolves when the entry is on disk (grouped fdatasync). @throws Error when the disk refuses it. */
  append(entry: JournalEntry): Promise<void>;
  /** Resolves when all that was appended before is in the store. */
  drained(): Promise<void>;
  readonly stats: {
    /** Entries that are not in the store yet. */
    readonly waiting: number;
    readonly appended: number;
    readonly applied: number;
    /** Damaged lines passed over when the files were read. */
    readonly damaged: number;
    /** Why the store takes nothing; null when all is well. */
    readonly problem: string | null;
  };
  close(): Promise<void>;
}

export interface Store {
  readonly cameras: CameraRepository;
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly segments: SegmentRepository;
  readonly outages: IntervalRepository<OutageRecord>;
  readonly wanted: IntervalRepository<WantedRecord>;
  readonly events: EventRepository;
  readonly volumes: VolumeRepository;
  readonly audit: AuditRepository;
  readonly settings: SettingsRepository;
  readonly nodes: NodeRepository;
  readonly journal: JournalSink;
  /** Idempotent. Later calls reject. */
  close(): Promise<void>;
}

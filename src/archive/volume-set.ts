import { join, resolve } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { SyncGroup } from '../media/segment/sync-group.ts';
import { type SegmentPlace, StorageProblem } from '../media/segment/types.ts';
import type { SegmentRecord, Store, VolumeRecord } from '../store/types.ts';
import { hasCode } from './files.ts';
import { Mount, type VolumeConfig } from './mount.ts';
import { type SegmentName, segmentPath } from './naming.ts';
import type { VolumeRoom } from './retention.ts';
import { prepareFolder, VolumeError, type VolumeSpace, volumeSpace } from './volume.ts';

export interface VolumeSetOptions {
  readonly volumes: readonly VolumeConfig[];
  readonly nodeId: string;
  readonly store: {
    readonly volumes: Pick<Store['volumes'], 'list' | 'save'>;
    readonly segments: Pick<Store['segments'], 'usage'>;
  };
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Between two looks at the volumes, milliseconds. Default 5,000. */
  readonly checkMs?: number;
  /** Measures the room of a folder. */
  readonly space?: (path: string) => Promise<VolumeSpace>;
}

/** The volumes that the configuration names; without any, `<data>/archive`. */
export function configuredVolumes(config: Pick<Config, 'data' | 'archive'>): VolumeConfig[] {
  const { volumes, keepFree } = config.archive;
  const named = volumes.map((volume) => ({ ...volume, keepFree: volume.keepFree ?? keepFree }));
  return named.length > 0 ? named : [{ path: join(config.data, 'archive'), tier: 'hot', keepFree }];
}

/** What a segment of a minute may need; only for spreading them between two measurements. */
const SEGMENT_BYTES = 32 * 2 ** 20;
/** Between saving figures that changed nothing else, and between counting what is used. */
const SAVE_MS = 30_000;

/**
 * The volumes of this node: which are there, how much room they have, where the next segment goes. A volume that fails
 * or vanishes is noticed within seconds, and used again when it comes back.
 */
export class VolumeSet {
  /** Makes the segments of all recorders durable together. */
  readonly sync = new SyncGroup();
  readonly #options: VolumeSetOptions;
  readonly #mounts: Mount[];
  readonly #saved = new Map<string, VolumeRecord>();
  readonly #changeListeners = new Set<(volume: VolumeRecord) => void>();
  readonly #shortListeners = new Set<() => void>();
  #used = new Map<string, number>();
  #countedAt = Number.NEGATIVE_INFINITY;
  #savedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #closed = false;
  #storeFailed = false;

  private constructor(options: VolumeSetOptions, known: readonly VolumeRecord[]) {
    this.#options = options;
    this.#mounts = options.volumes.map((config) => this.#mount(config, known));
    for (const record of known) if (record.node === options.nodeId) this.#saved.set(record.id, record);
  }

  /** Looks at all volumes once. One that is not there is a state, not a failure. @throws Error when the store fails */
  static async open(options: VolumeSetOptions): Promise<VolumeSet> {
    const set = new VolumeSet(options, await options.store.volumes.list());
    await set.check();
    set.#schedule();
    return set;
  }

  /** When the state or the message of a volume changes. Returns how to stop. */
  onChange(listener: (volume: VolumeRecord) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** When a volume has less room than must stay free: at each look while it lasts. Returns how to stop. */
  onShort(listener: () => void): () => void {
    this.#shortListeners.add(listener);
    return () => this.#shortListeners.delete(listener);
  }

  /** Looks at all volumes now, and tells who listens when one is short of room. */
  check(): Promise<void> {
    this.#checking = this.#check();
    return this.#checking;
  }

  /** Looks at all volumes now. */
  async measure(): Promise<void> {
    // One after the other: of two folders with the same volume the first one in the configuration is it.
    for (const mount of this.#mounts) await mount.look();
    await this.#count();
    await this.#publish();
  }

  /** The present ones of this node, and those that were here before and are missing. */
  list(): VolumeRecord[] {
    const present = this.#mounts.flatMap((mount) => this.#recordOf(mount) ?? []);
    const ids = new Set(present.map(({ id }) => id));
    const gone = [...this.#saved.values()].filter(({ id }) => !ids.has(id));
    return [...present, ...gone.map(missing)];
  }

  /**
   * Where a segment goes: hot volumes first, then the one with the most room. Its folder exists then.
   * @throws StorageProblem that says in words why it can go nowhere
   */
  async place(name: SegmentName): Promise<SegmentPlace> {
    const path = segmentPath(name);
    for (const mount of this.#candidates()) {
      const { id } = mount;
      if (id === undefined) continue;
      mount.reserved += SEGMENT_BYTES;
      try {
        await mount.assertHere();
        const file = await prepareFolder({ id, path: mount.root }, path);
        return { volume: id, path, file };
      } catch (error) {
        if (!(error instanceof VolumeError)) this.#suspect(mount, error);
        await this.#publish();
      }
    }
    throw this.#problem();
  }

  /** The absolute path of a segment; undefined when its volume is not here. */
  resolve(segment: Pick<SegmentRecord, 'volume' | 'path'>): string | undefined {
    const mount = this.#mounts.find(({ id, readable }) => readable && id === segment.volume);
    return mount && join(mount.root, segment.path);
  }

  /** Id and root of each volume whose files can be read. */
  roots(): { id: string; root: string }[] {
    return this.#mounts.flatMap(({ id, root, readable }) =>
      readable && id !== undefined ? [{ id, root }] : [],
    );
  }

  /** For retention. */
  rooms(): VolumeRoom[] {
    return this.#mounts.flatMap(({ id, readable, room }) => {
      if (!readable || id === undefined || room === undefined) return [];
      const { freeBytes, minFreeBytes, targetFreeBytes } = room;
      return [{ id, freeBytes, minFreeBytes, targetFreeBytes }];
    });
  }

  /** Retention could not make room on these; on all others it could. */
  async setExhausted(ids: readonly string[]): Promise<void> {
    for (const mount of this.#mounts) mount.setExhausted(mount.id !== undefined && ids.includes(mount.id));
    await this.#publish();
  }

  /** A write to a volume failed: it is not used for some seconds and looked at. */
  report(volume: string, error: unknown): void {
    const mount = this.#mounts.find(({ id }) => id === volume);
    if (mount === undefined) return;
    this.#suspect(mount, error);
    void this.check();
  }

  /** Idempotent. Makes durable what was written. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#checking;
    await this.sync.flush();
  }

  async #check(): Promise<void> {
    await this.measure();
    if (this.#mounts.some((mount) => mount.short)) for (const listener of this.#shortListeners) listener();
  }

  #mount(config: VolumeConfig, known: readonly VolumeRecord[]): Mount {
    const { nodeId, space = volumeSpace } = this.#options;
    const isTaken = (id: string): boolean =>
      this.#mounts.some((other) => other !== mount && other.readable && other.id === id);
    const root = resolve(config.path);
    const expect = known.find(({ node, path }) => node === nodeId && path === root)?.id;
    const mount = new Mount(config, { space, isTaken, ...(expect === undefined ? {} : { expect }) });
    return mount;
  }

  #candidates(): Mount[] {
    const room = ({ room: measured, reserved }: Mount): number =>
      (measured?.freeBytes ?? 0) - (measured?.minFreeBytes ?? 0) - reserved;
    const tier = ({ config }: Mount): number => (config.tier === 'hot' ? 0 : 1);
    return this.#mounts
      .filter(({ state }) => state === 'ok')
      .sort((a, b) => tier(a) - tier(b) || room(b) - room(a));
  }

  #problem(): StorageProblem {
    const full = this.#mounts.filter(({ state }) => state === 'full');
    const say = (mounts: readonly Mount[]): string =>
      mounts.map(({ root, message }) => `${root}: ${message ?? 'cannot be used'}`).join(' ');
    if (full.length > 0) return new StorageProblem('storage_full', `No volume has room. ${say(full)}`);
    return new StorageProblem('storage_failed', `No volume can be used. ${say(this.#mounts)}`);
  }

  #suspect(mount: Mount, error: unknown): void {
    const full = hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
    const why = error instanceof Error ? error.message : String(error);
    mount.suspect(full ? 'The disk says that it is full.' : `A write failed: ${why}`, full);
  }

  #recordOf(mount: Mount): VolumeRecord | undefined {
    const { id, root, config, room, state, message } = mount;
    if (id === undefined) return undefined;
    return {
      id,
      node: this.#options.nodeId,
      path: root,
      tier: config.tier,
      totalBytes: room?.totalBytes ?? 0,
      freeBytes: room?.freeBytes ?? 0,
      usedBytes: this.#used.get(id) ?? 0,
      state,
      message,
    };
  }

  async #count(): Promise<void> {
    if (performance.now() - this.#countedAt < SAVE_MS * 2) return;
    this.#countedAt = performance.now();
    const used = new Map<string, number>();
    await this.#tryStore(async () => {
      for (const { volume, bytes } of await this.#options.store.segments.usage()) {
        used.set(volume, (used.get(volume) ?? 0) + bytes);
      }
      this.#used = used;
    });
  }

  /** Tells and saves what changed. */
  async #publish(): Promise<void> {
    const due = performance.now() - this.#savedAt >= SAVE_MS;
    if (due) this.#savedAt = performance.now();
    for (const record of this.list()) {
      const before = this.#saved.get(record.id);
      const changed = before?.state !== record.state || before.message !== record.message;
      const moved = changed || before.path !== record.path || before.totalBytes !== record.totalBytes;
      this.#saved.set(record.id, record);
      if (changed) this.#tell(record);
      if (moved || due) await this.#tryStore(() => this.#options.store.volumes.save(record));
    }
  }

  #tell(record: VolumeRecord): void {
    const { log } = this.#options;
    const { id: volume, path, state, message } = record;
    if (state === 'ok') log.info({ volume, path }, 'the volume is in use');
    else log.warn({ volume, path, state, reason: message }, 'the volume takes no recordings');
    for (const listener of this.#changeListeners) listener(record);
  }

  async #tryStore(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#storeFailed = false;
    } catch (err) {
      if (this.#storeFailed) return;
      this.#storeFailed = true;
      this.#options.log.warn({ err }, 'what is known about the volumes could not be kept');
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.check().finally(() => {
        this.#schedule();
      });
    }, this.#options.checkMs ?? 5_000);
    this.#timer.unref();
  }
}

const missing = (record: VolumeRecord): VolumeRecord =>
  record.state === 'missing'
    ? record
    : { ...record, state: 'missing', message: `${record.path} is not in the configuration any more.` };

import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { VolumeRecord } from '../store/types.ts';
import { hasCode } from './files.ts';
import { MARKER_FILE, openVolume, readMarker, type Volume, VolumeError, type VolumeSpace } from './volume.ts';
import { fullMessage, isShort, type Room, roomOf } from './volume-room.ts';

/** A volume as the configuration names it. */
export interface VolumeConfig {
  readonly path: string;
  readonly tier: VolumeRecord['tier'];
  /** Bytes that stay free; null takes the default for its size. */
  readonly keepFree: number | null;
}

export type VolumeState = VolumeRecord['state'];

export interface MountOptions {
  /** Id of the volume that was here before; its folder must hold it again. */
  readonly expect?: string;
  /** Measures the room of a folder. */
  readonly space: (path: string) => Promise<VolumeSpace>;
  /** True when another folder of this node holds this volume. */
  readonly isTaken: (id: string) => boolean;
}

/** Written at each look, so that a disk that only reads is noticed. */
const PROBE_FILE = '.sightmesh-probe';
const ANSWER_MS = 10_000;
/** For so long after a failed write a volume is not trusted, whatever it says. */
const SUSPECT_MS = 3_000;

/** One configured folder: whether its volume is there, and how much room it has. Finds out by looking again and again. */
export class Mount {
  readonly config: VolumeConfig;
  /** Absolute. */
  readonly root: string;
  readonly #options: MountOptions;
  #expected: string | undefined;
  #volume: Volume | undefined;
  #room: Room | undefined;
  #state: VolumeState = 'missing';
  #message: string | null = 'It was not looked at yet.';
  #exhausted = false;
  #suspectUntil = 0;
  #looking: Promise<void> | undefined;
  /** Bytes promised to segments since the room was measured. */
  reserved = 0;

  constructor(config: VolumeConfig, options: MountOptions) {
    this.config = config;
    this.root = resolve(config.path);
    this.#options = options;
    this.#expected = options.expect;
  }

  /** Of the volume that is here, or was here last; undefined when there never was one. */
  get id(): string | undefined {
    return this.#volume?.id ?? this.#expected;
  }

  get state(): VolumeState {
    return this.#state;
  }

  get message(): string | null {
    return this.#message;
  }

  /** As last measured. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Its files can be read. */
  get readable(): boolean {
    return this.#volume !== undefined && (this.#state === 'ok' || this.#state === 'full');
  }

  get short(): boolean {
    return this.readable && this.#room !== undefined && isShort(this.#room);
  }

  /** Looks and measures. Never rejects; a folder that does not answer for 10 s has failed. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return Promise.race([this.#looking, this.#unlessLate()]);
  }

  /** Removing old recordings has freed all that it can, or can free again. */
  setExhausted(exhausted: boolean): void {
    this.#exhausted = exhausted;
    if (this.readable) this.#judge();
  }

  /** A write failed. */
  suspect(message: string, full: boolean): void {
    this.#suspectUntil = performance.now() + SUSPECT_MS;
    this.#set(full ? 'full' : 'failed', message);
  }

  /** @throws VolumeError when the volume is not here any more: its folder may be that of an unmounted disk */
  async assertHere(): Promise<void> {
    try {
      await stat(join(this.root, MARKER_FILE));
    } catch (error) {
      const gone = hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
      const message = gone ? notMounted(this.root) : `${this.root}: ${textOf(error)}`;
      this.#set(gone ? 'missing' : 'failed', message);
      throw new VolumeError(gone ? 'missing' : 'failed', message, { cause: error });
    }
  }

  async #lookOnce(): Promise<void> {
    try {
      const volume = await this.#find();
      const space = await this.#options.space(this.root);
      await probeWriting(this.root);
      this.#volume = volume;
      this.#expected = volume.id;
      this.#room = roomOf(space, this.config.keepFree);
      this.reserved = 0;
      if (performance.now() >= this.#suspectUntil) this.#judge();
    } catch (error) {
      this.#set(error instanceof VolumeError ? error.code : 'failed', textOf(error));
    }
  }

  async #find(): Promise<Volume> {
    const found = await readMarker(this.root);
    if (found === undefined && this.#expected !== undefined) {
      throw new VolumeError('missing', notMounted(this.root));
    }
    const volume = await openVolume(this.root);
    if (volume.id !== this.#volume?.id && this.#options.isTaken(volume.id)) {
      throw new VolumeError(
        'failed',
        `${this.root} holds the same volume as another folder; remove ${MARKER_FILE} from the copy.`,
      );
    }
    return volume;
  }

  #judge(): void {
    if (this.#room === undefined) return;
    const state = { exhausted: this.#exhausted, wasFull: this.#state === 'full' };
    const message = fullMessage(this.#room, state);
    this.#set(message === null ? 'ok' : 'full', message);
  }

  async #unlessLate(): Promise<void> {
    const { promise, resolve: done } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => done(true), ANSWER_MS);
    void this.#looking?.then(() => done(false));
    const late = await promise;
    clearTimeout(timer);
    if (late) this.#set('failed', `${this.root} does not answer.`);
  }

  #set(state: VolumeState, message: string | null): void {
    this.#state = state;
    this.#message = message;
  }
}

const notMounted = (root: string): string =>
  `${root} does not hold its volume. Is the disk mounted? For a new disk, configure another folder.`;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A disk that is full is judged by its room. @throws VolumeError */
async function probeWriting(root: string): Promise<void> {
  try {
    const handle = await open(join(root, PROBE_FILE), 'w', 0o640);
    try {
      await handle.write('1\n', 0);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) return;
    throw new VolumeError('failed', `${root} cannot be written: ${textOf(error)}`, { cause: error });
  }
}

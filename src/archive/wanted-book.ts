import type { Camera } from '../contracts/entities.ts';
import type { Journal, Store, WantedRecord } from '../store/types.ts';

export interface WantedParts {
  readonly store: Pick<Store, 'wanted'>;
  readonly journal: Pick<Journal, 'append'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type WantedCamera = Pick<Camera, 'id' | 'enabled' | 'record'>;

/** True when the camera is to be recorded all the time. */
export const isWanted = ({ enabled, record }: WantedCamera): boolean =>
  enabled && record.mode === 'continuous';

/** Keeps account of when recording was wanted of which camera: what is wanted and not there is a gap. */
export class WantedBook {
  readonly #parts: WantedParts;

  constructor(parts: WantedParts) {
    this.#parts = parts;
  }

  /** Brings the account in line with all cameras there are. */
  async settle(cameras: readonly WantedCamera[]): Promise<void> {
    const open = await this.#parts.store.wanted.find({ open: true });
    const wanted = new Map(cameras.filter(isWanted).map((camera) => [camera.id, camera]));
    for (const record of open) if (!wanted.has(record.camera)) await this.#end(record);
    const begun = new Set(open.map(({ camera }) => camera));
    for (const camera of wanted.values()) if (!begun.has(camera.id)) await this.#begin(camera);
  }

  /** The camera is as it is from now on; undefined when it is gone. */
  async change(id: string, camera: WantedCamera | undefined): Promise<void> {
    const open = await this.#parts.store.wanted.find({ camera: id, open: true });
    if (camera === undefined || !isWanted(camera)) {
      for (const record of open) await this.#end(record);
    } else if (open.length === 0) await this.#begin(camera);
  }

  #begin({ id: camera }: WantedCamera): Promise<void> {
    const from = Math.round(this.#parts.now());
    return this.#append({ id: `${camera}/${String(from)}`, camera, from, to: null });
  }

  #end(record: WantedRecord): Promise<void> {
    return this.#append({ ...record, to: Math.max(record.from, Math.round(this.#parts.now())) });
  }

  /** The store must have it before the next question. */
  async #append(wanted: WantedRecord): Promise<void> {
    await this.#parts.journal.append({ kind: 'wanted', wanted });
    await this.#parts.store.wanted.save(wanted);
  }
}

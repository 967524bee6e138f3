import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CameraId, type EventRecord } from '../contracts/entities.ts';
import { hasCode } from './files.ts';
import { dayOf } from './naming.ts';

/** What tells the place of the picture of an event. */
export type PicturedEvent = Pick<EventRecord, 'id' | 'camera' | 'start'>;

const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Snapshots of events, one JPEG file each: `<camera>/<day>/<event>.jpg` in a folder of their own. */
export class EventPictures {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
  }

  /**
   * Writes or replaces the picture; who reads meanwhile gets the old one or the new one, whole.
   * @param start of the event, milliseconds since 1970
   * @throws Error when the disk refuses it, or the names cannot be names of files.
   */
  async save(id: string, camera: string, start: number, jpeg: Buffer): Promise<void> {
    const file = this.#file(id, camera, start);
    const temporary = `${file}.${randomUUID()}.tmp`;
    await mkdir(path.dirname(file), { recursive: true });
    try {
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(jpeg);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Undefined when there is none. @throws Error when it cannot be read. */
  async read(event: PicturedEvent): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#fileOf(event));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Removes the pictures of these events, those that have one. @throws Error when the disk refuses it. */
  async remove(events: readonly PicturedEvent[]): Promise<void> {
    for (const event of events) await rm(this.#fileOf(event), { force: true });
  }

  #fileOf(event: PicturedEvent): string {
    return this.#file(event.id, event.camera, Date.parse(event.start));
  }

  /** @throws RangeError for names that could lead elsewhere. */
  #file(id: string, camera: string, start: number): string {
    if (!EVENT_ID.test(id) || !CameraId.safeParse(camera).success) {
      throw new RangeError(`no picture can be named after event ${JSON.stringify(id)}`);
    }
    return path.join(this.#folder, camera, dayOf(start), `${id}.jpg`);
  }
}

import { rm } from 'node:fs/promises';
import type { InitSegment } from '../fmp4/init.ts';
import { rebaseMoof } from '../fmp4/moof.ts';
import { prft } from '../fmp4/prft.ts';
import { segmentInfoBox } from '../fmp4/segment-info.ts';
import type { Fragment } from '../types.ts';
import { SegmentFile, type WrittenPart } from './segment-file.ts';
import type { SegmentIdentity, SegmentPlace, SegmentRow } from './types.ts';

/** How often a name that is taken already is followed by the next one. */
const NAMES_TRIED = 5;

/** A segment while it is written. */
export class OpenSegment {
  readonly init: InitSegment;
  readonly file: SegmentFile;
  /** Milliseconds since 1970 of the first picture. */
  readonly from: number;
  /** Of the end of the last sample that was added. */
  to: number;
  /** Fragments that wait for `write`. */
  pending = 0;
  readonly #identity: SegmentIdentity;
  readonly #place: SegmentPlace;
  readonly #start: number;
  /** Milliseconds on the fragments' timeline at which the media time of the file is 0. */
  readonly #origin: number;
  #buffers: Buffer[];

  private constructor(
    identity: SegmentIdentity,
    init: InitSegment,
    first: Fragment,
    made: { file: SegmentFile; place: SegmentPlace; start: number },
  ) {
    this.init = init;
    this.file = made.file;
    this.from = first.time;
    this.to = first.time;
    this.#identity = identity;
    this.#place = made.place;
    this.#start = made.start;
    this.#origin = Math.min(...first.tfdt.map(({ value, timescale }) => (value * 1000) / timescale));
    this.#buffers = [init.data, this.#infoBox(first)];
  }

  /** @throws what `place` throws, or NodeJS.ErrnoException */
  static async create(
    identity: SegmentIdentity,
    init: InitSegment,
    first: Fragment,
    place: (start: number) => Promise<SegmentPlace>,
  ): Promise<OpenSegment> {
    const wanted = Math.floor(first.time);
    for (let start = wanted; ; start += 1) {
      const at = await place(start);
      try {
        const file = await SegmentFile.create(at.file, Math.round(first.time));
        return new OpenSegment(identity, init, first, { file, place: at, start });
      } catch (error) {
        const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
        if (!taken || start >= wanted + NAMES_TRIED) throw error;
      }
    }
  }

  add(fragment: Fragment): void {
    const moof = rebaseMoof(fragment.moof, fragment.tfdt, this.#origin);
    const { trackId, mediaTime } = this.#reference(fragment);
    this.#buffers.push(prft({ trackId, time: fragment.time, mediaTime }), moof, ...fragment.mdat);
    this.to = Math.max(this.to, fragment.endTime);
    this.pending += 1;
  }

  /** Writes what was added. @throws NodeJS.ErrnoException, also one that an earlier sync met */
  async write(): Promise<{ bytes: number; fragments: number }> {
    if (this.file.syncError !== undefined) throw toError(this.file.syncError);
    if (this.pending === 0) return { bytes: 0, fragments: 0 };
    const before = this.file.written.bytes;
    await this.file.append(this.#buffers, Math.round(this.to));
    const fragments = this.pending;
    this.#buffers = [];
    this.pending = 0;
    return { bytes: this.file.written.bytes - before, fragments };
  }

  /**
   * A file without a whole fragment is removed.
   * @throws NodeJS.ErrnoException when it could not be made durable; it is closed all the same
   */
  async close(): Promise<void> {
    await this.file.close();
    if (this.file.written.bytes === 0) await rm(this.file.path, { force: true });
  }

  row(part: 'written' | 'durable', closed: boolean): SegmentRow {
    const { bytes, to }: WrittenPart = this.file[part];
    return {
      identity: this.#identity,
      place: this.#place,
      start: this.#start,
      from: Math.round(this.from),
      to,
      bytes,
      closed,
      codecs: this.init.codecs,
    };
  }

  #reference(fragment: Fragment): { trackId: number; mediaTime: number; timescale: number } {
    const { trackId, value, timescale } = fragment.tfdt[0] ?? { trackId: 1, value: 0, timescale: 1000 };
    const decodeTime = Math.max(0, value - Math.round((this.#origin * timescale) / 1000));
    return { trackId, mediaTime: decodeTime + (fragment.compositionOffset ?? 0), timescale };
  }

  #infoBox(first: Fragment): Buffer {
    const { mediaTime, timescale } = this.#reference(first);
    return segmentInfoBox({
      ...this.#identity,
      session: first.session,
      generation: first.generation,
      start: first.time - (mediaTime * 1000) / timescale,
      codecs: this.init.codecs,
    });
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

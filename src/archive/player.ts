import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SightmeshError } from '../contracts/errors.ts';
import type { Clock } from '../media/timeline.ts';
import { parseSegmentPath } from './naming.ts';
import type { Cut } from './playback/cut.ts';
import { readRecordedPicture, type RecordedPicture } from './playback/picture.ts';
import { flatMp4 } from './playback/flat.ts';
import { fragmentedMp4 } from './playback/fragmented.ts';
import { cutPiece, hlsInit, hlsMedia, parametersOf, parsePieceName, playlist } from './playback/hls.ts';
import { hlsPieces } from './playback/hls-pieces.ts';
import { type ByteRange, lengthOf, type Part, readParts, slice } from './playback/layout.ts';
import { cutsOf, type LocatedSegment, planRange, tryRead } from './playback/plan.ts';
import type { Interval } from './intervals.ts';
import type { SegmentTrack } from './init-reader.ts';
import { type FinderParts, SegmentFinder } from './segment-finder.ts';
import { localFiles, type SegmentFiles } from './segment-files.ts';
import { SegmentIndexes } from './segment-index.ts';
import { segmentId } from './segment-record.ts';

/** Media that goes out as it is read. */
export interface PlaybackBody {
  readonly stream: Readable;
  readonly contentType: string;
  /** Whole length when it is known before… */
  readonly bytes?: number;
  /** …and then any part of it, read from where it begins. */
  readonly slice?: (range: ByteRange) => Readable;
}

export type PlayerParts = Pick<FinderParts, 'store' | 'volumes' | 'elsewhere'> & {
  readonly clock: Clock;
  /** Default: those of this machine. */
  readonly files?: SegmentFiles;
};

/** Longer ranges become fragmented MP4, which needs no look through all of it beforehand. */
const FLAT_MS = 30 * 60_000;
/** What is asked for up to now is waited for this long. */
const SETTLE_MS = 1_500;
const SETTLE_STEP_MS = 150;
const KEPT_LAYOUTS = 16;

interface Layout {
  readonly key: string;
  readonly parts: readonly Part[];
}

/** Plays what was recorded: the main stream of a camera over any range, never re-encoded, gaps skipped. */
export class ArchivePlayer {
  readonly indexes: SegmentIndexes;
  readonly finder: SegmentFinder;
  readonly #clock: Clock;
  readonly #files: SegmentFiles;
  #layouts: Layout[] = [];

  constructor({ store, volumes, elsewhere, clock, files = localFiles }: PlayerParts) {
    this.#files = files;
    this.indexes = new SegmentIndexes(undefined, files);
    this.finder = new SegmentFinder({ store, volumes, elsewhere, indexes: this.indexes });
    this.#clock = clock;
  }

  /**
   * One MP4 from the last key frame at or before `from` to the first frame at or after `to` (RFC 3339). With a known
   * length unless the range is long or ends in the future.
   *
   * @throws SightmeshError `no_recording`, `bad_range`
   */
  async playbackMp4(camera: string, from: string, to: string): Promise<PlaybackBody> {
    const range = rangeOf(from, to);
    if (range.to - range.from > FLAT_MS || range.to > this.#clock.now())
      return this.#fragmented(camera, range);
    const segments = await this.#settled(camera, range);
    const parts = await this.#layout(camera, range, segments);
    return {
      stream: readParts(parts, this.#files),
      contentType: 'video/mp4',
      bytes: lengthOf(parts),
      slice: (bytes) => readParts(slice(parts, bytes), this.#files),
    };
  }

  /**
   * A playlist of the range; the addresses in it are relative to its own.
   *
   * @throws SightmeshError `no_recording`, `bad_range`
   */
  async playbackHls(camera: string, from: string, to: string): Promise<string> {
    const range = rangeOf(from, to);
    const pieces = await hlsPieces(planRange(await this.#settled(camera, range), range), range, this.indexes);
    if (pieces.length === 0) throw new SightmeshError('no_recording');
    return playlist(pieces);
  }

  /** @throws SightmeshError `no_recording` */
  async hlsInit(camera: string, segment: string): Promise<Buffer> {
    const { index } = await this.#piece(camera, segment);
    return hlsInit(index.tracks);
  }

  /** @throws SightmeshError `no_recording` */
  async hlsMedia(
    camera: string,
    segment: string,
    range: { from?: string; to?: string },
  ): Promise<PlaybackBody> {
    const { index, base, start } = await this.#piece(camera, segment);
    const times = { from: optionalTime(range.from), to: optionalTime(range.to) };
    const cut = cutPiece(index, start, times);
    if (cut === undefined) throw new SightmeshError('no_recording');
    const parts = hlsMedia(cut, base);
    return { stream: readParts(parts, this.#files), contentType: 'video/mp4', bytes: lengthOf(parts) };
  }

  /**
   * What a decoder needs for the picture that was shown at a time (RFC 3339): from the key frame before it.
   *
   * @throws SightmeshError `no_recording`
   */
  async pictureAt(camera: string, at: string): Promise<RecordedPicture> {
    const time = Date.parse(at);
    const range = { from: time, to: time + 1 };
    const plan = planRange(await this.#settled(camera, range), range);
    const segment = plan.findLast(({ segment: { from } }) => from <= time)?.segment ?? plan[0]?.segment;
    const index = segment && (await tryRead(this.indexes, segment.path));
    const picture = segment && index && (await readRecordedPicture(index, segment.record, time, this.#files));
    if (picture === undefined) throw new SightmeshError('no_recording');
    return picture;
  }

  /** After the file of a segment was removed. */
  forget(path: string): void {
    this.indexes.forget(path);
  }

  async #piece(camera: string, segment: string) {
    const parsed = parsePieceName(segment);
    const id = parsed && idOf(camera, parsed.name);
    const row = id && (await this.finder.get(id));
    const located = row && this.finder.locate(row);
    const index = located && (await tryRead(this.indexes, located.path));
    if (!parsed || !located || !index) throw new SightmeshError('no_recording');
    return { index, base: parsed.base, start: located.from };
  }

  /** The segments of a range; what is just being written is waited for. */
  async #settled(camera: string, range: Interval): Promise<LocatedSegment[]> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      const segments = await this.finder.located(camera, range);
      const newest = segments.reduce((last, { to }) => Math.max(last, to), Number.NEGATIVE_INFINITY);
      const growing = segments.some(({ record }) => !record.closed) && newest < range.to;
      const recent = this.#clock.now() - range.to < SETTLE_MS;
      if (!growing || !recent || performance.now() >= until) return segments;
      await sleep(SETTLE_STEP_MS);
    }
  }

  /** Players ask again and again for ranges of the bytes of one file. */
  async #layout(
    camera: string,
    range: Interval,
    segments: readonly LocatedSegment[],
  ): Promise<readonly Part[]> {
    const seen = segments.map(({ record: { id, bytes }, to }) => `${id} ${bytes} ${to}`).join();
    const key = `${camera} ${range.from} ${range.to} ${seen}`;
    const known = this.#layouts.find((layout) => layout.key === key);
    if (known !== undefined) return known.parts;
    const cuts = [];
    for await (const cut of cutsOf(planRange(segments, range), range, this.indexes)) cuts.push(cut);
    if (cuts.length === 0) throw new SightmeshError('no_recording');
    const parts = flatMp4(cuts);
    this.#layouts = [...this.#layouts.slice(1 - KEPT_LAYOUTS), { key, parts }];
    return parts;
  }

  async #fragmented(camera: string, range: Interval): Promise<PlaybackBody> {
    const plan = planRange(await this.finder.located(camera, range), range);
    const heads = new Map<string, readonly SegmentTrack[]>();
    for (const { segment } of plan) {
      const tracks = await this.indexes.tracks(segment.path);
      if (tracks !== undefined) heads.set(parametersOf(tracks), tracks);
    }
    const [first] = plan;
    if (first === undefined || heads.size === 0) throw new SightmeshError('no_recording');
    // With indexes of its own: a long range must not drive the others out.
    const cuts = announced(cutsOf(plan, range, new SegmentIndexes(4, this.#files)), heads);
    const createdAt = Math.max(range.from, first.segment.from);
    const parts = fragmentedMp4({ tracks: heads.values(), cuts, createdAt });
    return { stream: readParts(parts, this.#files), contentType: 'video/mp4' };
  }
}

/** A stream whose parameters the beginning of the file does not announce cannot be in it. */
async function* announced(
  cuts: AsyncIterable<Cut>,
  heads: ReadonlyMap<string, unknown>,
): AsyncGenerator<Cut> {
  for await (const cut of cuts) if (heads.has(parametersOf(cut.index.tracks))) yield cut;
}

function idOf(camera: string, name: string): string | undefined {
  const [start = ''] = name.split('-');
  const stream = name.slice(name.lastIndexOf('-') + 1);
  const day = new Date(Number(start)).toJSON() as string | null;
  const parsed =
    day === null ? undefined : parseSegmentPath(`${camera}/${stream}/${day.slice(0, 10)}/${name}.mp4`);
  return parsed && segmentId(parsed);
}

const optionalTime = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time);

/** @throws SightmeshError `bad_range` */
function rangeOf(from: string, to: string): Interval {
  const range = { from: Date.parse(from), to: Date.parse(to) };
  if (!(range.to > range.from)) throw new SightmeshError('bad_range', '`from` must be before `to`');
  return range;
}

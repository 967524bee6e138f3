import { parseBoxHeader, readFully } from './box-walker.ts';
import { isAway } from './files.ts';
import { readInit, SegmentFormatError, type SegmentTrack } from './init-reader.ts';
import { readMoof, type SampleRun } from './moof-reader.ts';
import { localFiles, type SegmentFiles, type SegmentHandle } from './segment-files.ts';

export interface FragmentPlace {
  /** Begins with a picture from which decoding can begin; always true without video. */
  readonly key: boolean;
  readonly runs: readonly SampleRun[];
}

/** What is in a segment file: enough to cut and to copy it without looking at the media. */
export interface SegmentIndex {
  readonly path: string;
  readonly tracks: readonly SegmentTrack[];
  readonly fragments: readonly FragmentPlace[];
  /** End of the last whole fragment. */
  readonly bytes: number;
  /** ftyp and moov as they stand in the file. */
  readonly init: Buffer;
}

interface Entry {
  path: string;
  tracks: SegmentTrack[];
  fragments: FragmentPlace[];
  bytes: number;
  init: Buffer;
  /** Where reading goes on when the file has grown. */
  next: number;
}

/** Enough for the header of a fragment of half a second in one read. */
const HEAD_BYTES = 4_096;
const MAX_MOOV_BYTES = 1 << 20;
const MAX_MOOF_BYTES = 4 << 20;

/**
 * Reads and remembers the indexes of segment files. A file that grows is read on from where it ended; what does not
 * make sense ends the index, as it does for a player.
 */
export class SegmentIndexes {
  readonly #entries = new Map<string, Promise<Entry>>();
  readonly #limit: number;
  readonly #files: SegmentFiles;

  /** @param limit how many files are remembered; a minute of video takes some 60 KB */
  constructor(limit = 256, files: SegmentFiles = localFiles) {
    this.#limit = limit;
    this.#files = files;
  }

  /**
   * @throws SegmentFormatError when the file has no whole init segment
   * @throws NodeJS.ErrnoException when it cannot be read
   */
  async read(path: string): Promise<SegmentIndex> {
    const before = this.#entries.get(path);
    this.#entries.delete(path);
    const reading = this.#continue(path, before);
    this.#entries.set(path, reading);
    this.#forgetOldest();
    try {
      const entry = await reading;
      return { ...entry, fragments: [...entry.fragments] };
    } catch (error) {
      if (this.#entries.get(path) === reading) this.#entries.delete(path);
      throw error;
    }
  }

  /** The tracks alone, without reading the fragments; undefined when the file is gone or no segment. */
  async tracks(path: string): Promise<readonly SegmentTrack[] | undefined> {
    const known = await this.#entries.get(path)?.catch(() => undefined);
    if (known !== undefined) return known.tracks;
    try {
      const handle = await this.#files.open(path);
      try {
        return (await readHead(handle, path, await handle.size())).tracks;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (error instanceof SegmentFormatError || isAway(error)) return undefined;
      throw error;
    }
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** After a file was removed or cut. */
  forget(path: string): void {
    this.#entries.delete(path);
  }

  async #continue(path: string, before: Promise<Entry> | undefined): Promise<Entry> {
    const known = await before?.catch(() => undefined);
    const handle = await this.#files.open(path);
    try {
      const size = await handle.size();
      const entry = known !== undefined && known.bytes <= size ? known : await readHead(handle, path, size);
      if (entry.next < size) await readFragments(handle, size, entry);
      return entry;
    } finally {
      await handle.close();
    }
  }

  #forgetOldest(): void {
    for (const path of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) return;
      this.#entries.delete(path);
    }
  }
}

async function readHead(handle: SegmentHandle, path: string, size: number): Promise<Entry> {
  for (let offset = 0; offset < size;) {
    const box = parseBoxHeader(await readFully(handle, offset, 16), offset, size);
    if (box === undefined || box.type === 'moof' || box.type === 'mdat') break;
    const end = offset + box.size;
    if (box.type === 'moov') {
      if (end > MAX_MOOV_BYTES) break;
      const init = await readFully(handle, 0, end);
      const tracks = readInit(init.subarray(offset));
      return { path, tracks, fragments: [], bytes: end, init, next: end };
    }
    offset = end;
  }
  throw new SegmentFormatError(`${path} does not begin with a whole init segment`);
}

/**
 * The first fragment of a segment and all from `position` on, where one is known to end: enough to know when it begins
 * and ends. Undefined when nothing whole ends there.
 *
 * @throws SegmentFormatError when the file has no whole init segment
 * @throws NodeJS.ErrnoException when it cannot be read
 */
export async function readEnds(path: string, position: number): Promise<SegmentIndex | undefined> {
  const handle = await localFiles.open(path);
  try {
    const size = await handle.size();
    const entry = await readHead(handle, path, size);
    await readFragments(handle, size, entry, 1);
    if (position < entry.bytes || position > size) return undefined;
    const header = await readFully(handle, position, Math.min(8, size - position));
    if (position < size && !['prft', 'moof'].includes(header.toString('latin1', 4))) return undefined;
    entry.bytes = position;
    entry.next = position;
    await readFragments(handle, size, entry);
    return entry;
  } finally {
    await handle.close();
  }
}

async function readFragments(
  handle: SegmentHandle,
  size: number,
  entry: Entry,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  let pending: SampleRun[] | undefined;
  let offset = entry.next;
  while (offset + 8 <= size && entry.fragments.length < most) {
    let head = await readFully(handle, offset, Math.min(HEAD_BYTES, size - offset));
    let box = parseBoxHeader(head, offset, size);
    if (box?.type === 'moof') {
      if (box.size > MAX_MOOF_BYTES) return;
      if (box.size > head.length) head = await readFully(handle, offset, box.size);
      pending = tryReadMoof(head.subarray(0, box.size), offset, entry.tracks);
      if (pending === undefined) return;
      offset += box.size;
      // The header of the mdat that follows usually came with the same read.
      box = parseBoxHeader(head.subarray(box.size), offset, size);
      if (box?.type !== 'mdat') continue;
    }
    if (box === undefined) return;
    offset += box.size;
    if (box.type === 'mdat' && pending !== undefined) {
      if (!inside(pending, box.offset, offset)) return;
      entry.fragments.push({ key: beginsWithKey(pending, entry.tracks), runs: pending });
      entry.bytes = offset;
      entry.next = offset;
      pending = undefined;
    }
  }
}

function tryReadMoof(moof: Buffer, offset: number, tracks: readonly SegmentTrack[]): SampleRun[] | undefined {
  try {
    return readMoof(moof, offset, tracks);
  } catch (error) {
    if (error instanceof SegmentFormatError) return undefined;
    throw error;
  }
}

const runBytes = (run: SampleRun): number => run.sizes.reduce((sum, size) => sum + size, 0);

const inside = (runs: readonly SampleRun[], from: number, to: number): boolean =>
  runs.every((run) => run.position >= from && run.position + runBytes(run) <= to);

function beginsWithKey(runs: readonly SampleRun[], tracks: readonly SegmentTrack[]): boolean {
  if (tracks.every((track) => track.kind === 'audio')) return true;
  const video = runs.find((run) => run.kind === 'video' && run.count > 0);
  return video?.keys[0] === 1;
}

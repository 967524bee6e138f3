import { type FileHandle, open } from 'node:fs/promises';
import { readFully } from '../box-walker.ts';
import * as zip from './zip-format.ts';

/** A file is no zip, or none that `ZipWriter` wrote. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

const CHUNK_BYTES = 1024 * 1024;
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_COMMENT_BYTES = 0xffff;

/** Reads a zip whose entries are not compressed. Nothing that stands in it is believed before it is checked. */
export class ZipReader {
  readonly entries: readonly zip.ZipEntry[];
  readonly #file: FileHandle;
  readonly #size: number;

  private constructor(file: FileHandle, size: number, entries: readonly zip.ZipEntry[]) {
    this.#file = file;
    this.#size = size;
    this.entries = entries;
  }

  /** @throws ZipError, NodeJS.ErrnoException */
  static async open(path: string): Promise<ZipReader> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return new ZipReader(file, size, await readDirectory(file, size));
    } catch (error) {
      await file.close();
      throw error instanceof RangeError ? new ZipError('the zip is damaged', { cause: error }) : error;
    }
  }

  /** @throws ZipError when it does not lie in the file */
  async *read(entry: zip.ZipEntry): AsyncGenerator<Buffer> {
    const head = await readFully(this.#file, entry.offset, zip.LOCAL_BYTES);
    if (head.length < zip.LOCAL_BYTES || head.readUInt32LE(0) !== zip.LOCAL)
      throw new ZipError(`${entry.name}: its header is damaged`);
    const start = entry.offset + zip.LOCAL_BYTES + head.readUInt16LE(26) + head.readUInt16LE(28);
    if (start + entry.bytes > this.#size) throw new ZipError(`${entry.name}: the file is too short`);
    for (let done = 0; done < entry.bytes;) {
      const chunk = await readFully(this.#file, start + done, Math.min(CHUNK_BYTES, entry.bytes - done));
      if (chunk.length === 0) throw new ZipError(`${entry.name}: the file is too short`);
      done += chunk.length;
      yield chunk;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readDirectory(file: FileHandle, size: number): Promise<zip.ZipEntry[]> {
  const tailBytes = Math.min(size, zip.LOCATOR64_BYTES + zip.END_BYTES + MAX_COMMENT_BYTES);
  const tail = await readFully(file, size - tailBytes, tailBytes);
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (at < 0 || at + zip.END_BYTES > tail.length) throw new ZipError('this is no zip');
  let [count, bytes, start] = [
    tail.readUInt16LE(at + 10),
    tail.readUInt32LE(at + 12),
    tail.readUInt32LE(at + 16),
  ];
  if (count === zip.MAX16 || bytes === zip.MAX32 || start === zip.MAX32) {
    const locator = at - zip.LOCATOR64_BYTES;
    if (locator < 0 || tail.readUInt32LE(locator) !== zip.LOCATOR64) throw new ZipError('the zip is damaged');
    const end64 = await readFully(file, Number(tail.readBigUInt64LE(locator + 8)), zip.END64_BYTES);
    if (end64.readUInt32LE(0) !== zip.END64) throw new ZipError('the zip is damaged');
    [count, bytes, start] = [32, 40, 48].map((place) => Number(end64.readBigUInt64LE(place))) as [
      number,
      number,
      number,
    ];
  }
  if (start + bytes > size || bytes > MAX_DIRECTORY_BYTES) throw new ZipError('the zip is damaged');
  const directory = await readFully(file, start, bytes);
  const entries: zip.ZipEntry[] = [];
  for (let place = 0; place < directory.length;) {
    const { entry, length } = readEntry(directory.subarray(place));
    entries.push(entry);
    place += length;
  }
  if (entries.length !== count) throw new ZipError('the zip is damaged');
  return entries;
}

function readEntry(data: Buffer): { entry: zip.ZipEntry; length: number } {
  if (data.readUInt32LE(0) !== zip.CENTRAL) throw new ZipError('the directory of the zip is damaged');
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) => data.readUInt16LE(place)) as [
    number,
    number,
    number,
  ];
  const behind = zip.CENTRAL_BYTES + nameBytes;
  const name = data.toString('utf8', zip.CENTRAL_BYTES, behind);
  if (data.readUInt16LE(10) !== 0) throw new ZipError(`${name}: it is compressed`);
  const wide = wideValues(data.subarray(behind, behind + extraBytes));
  const valueOf = (value: number): number => (value === zip.MAX32 ? Number(wide.shift() ?? -1n) : value);
  const bytes = valueOf(data.readUInt32LE(24));
  const stored = valueOf(data.readUInt32LE(20));
  const offset = valueOf(data.readUInt32LE(42));
  if (bytes < 0 || offset < 0 || stored !== bytes) throw new ZipError(`${name}: its lengths are damaged`);
  return {
    entry: { name, crc: data.readUInt32LE(16), bytes, offset },
    length: behind + extraBytes + commentBytes,
  };
}

/** The values of the ZIP64 field, in their order. */
function wideValues(extra: Buffer): bigint[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === zip.ZIP64_EXTRA)
      return Array.from({ length: Math.floor(length / 8) }, (_, index) =>
        extra.readBigUInt64LE(at + 4 + index * 8),
      );
    at += 4 + length;
  }
  return [];
}

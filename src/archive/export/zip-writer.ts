import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import * as zip from './zip-format.ts';

const UTF8 = 0x0800;
/** In local headers, room for lengths of 64 bits; without need it is filled with a field that readers pass over. */
const ROOM_BYTES = 20;
const PADDING_EXTRA = 0xd935;

export interface WrittenEntry {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes a zip without compressing, entry by entry, of any length. Lengths and checksums are put into the headers
 * afterwards, so that also readers that read it from front to back understand it.
 */
export class ZipWriter {
  readonly #file: FileHandle;
  readonly #now: Date;
  readonly #entries: zip.ZipEntry[] = [];
  #position = 0;

  private constructor(file: FileHandle, now: Date) {
    this.#file = file;
    this.#now = now;
  }

  /** Begins a new file in the place of one that may be there. */
  static async create(path: string, now: Date): Promise<ZipWriter> {
    return new ZipWriter(await open(path, 'w', 0o640), now);
  }

  get bytes(): number {
    return this.#position;
  }

  /** @throws the errors of the chunks, and those of the disk */
  async add(name: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<WrittenEntry> {
    const offset = this.#position;
    const header = zip.LOCAL_BYTES + Buffer.byteLength(name) + ROOM_BYTES;
    this.#position += header;
    const hash = createHash('sha256');
    let crc = 0;
    for await (const chunk of chunks) {
      crc = crc32(chunk, crc);
      hash.update(chunk);
      await this.#write(chunk, this.#position);
      this.#position += chunk.length;
    }
    const entry = { name, crc, bytes: this.#position - offset - header, offset };
    await this.#write(localHeader(entry, this.#now), offset);
    this.#entries.push(entry);
    return { bytes: entry.bytes, sha256: hash.digest('hex') };
  }

  /** Writes the directory and makes it all durable. Resolves to the length of the file. */
  async finish(): Promise<number> {
    const start = this.#position;
    const directory = Buffer.concat(this.#entries.map((entry) => centralHeader(entry, this.#now)));
    const end = endOf(this.#entries.length, start, directory.length);
    await this.#write(Buffer.concat([directory, end]), start);
    this.#position += directory.length + end.length;
    await this.#file.sync();
    await this.close();
    return this.#position;
  }

  /** Idempotent. What was written stays. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(data: Buffer, position: number): Promise<void> {
    for (let done = 0; done < data.length;) {
      const { bytesWritten } = await this.#file.write(data, done, data.length - done, position + done);
      done += bytesWritten;
    }
  }
}

/** What both headers share, 4.4: version, flags, method (stored), time, checksum and lengths. */
function common({ crc, bytes }: zip.ZipEntry, version: number, now: Date): Buffer {
  const wide = bytes >= zip.MAX32;
  const fields = Buffer.alloc(22);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(UTF8, 2);
  fields.writeUInt16LE(0, 4);
  fields.writeUInt16LE(
    (now.getUTCHours() << 11) | (now.getUTCMinutes() << 5) | (now.getUTCSeconds() >> 1),
    6,
  );
  const years = Math.max(0, now.getUTCFullYear() - 1980);
  fields.writeUInt16LE((years << 9) | ((now.getUTCMonth() + 1) << 5) | now.getUTCDate(), 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(wide ? zip.MAX32 : bytes, 14);
  fields.writeUInt32LE(wide ? zip.MAX32 : bytes, 18);
  return fields;
}

function localHeader(entry: zip.ZipEntry, now: Date): Buffer {
  const name = Buffer.from(entry.name);
  const wide = entry.bytes >= zip.MAX32;
  const extra = Buffer.alloc(ROOM_BYTES);
  extra.writeUInt16LE(wide ? zip.ZIP64_EXTRA : PADDING_EXTRA, 0);
  extra.writeUInt16LE(ROOM_BYTES - 4, 2);
  if (wide) {
    extra.writeBigUInt64LE(BigInt(entry.bytes), 4);
    extra.writeBigUInt64LE(BigInt(entry.bytes), 12);
  }
  return Buffer.concat([
    u32(zip.LOCAL),
    common(entry, wide ? 45 : 20, now),
    u16(name.length, extra.length),
    name,
    extra,
  ]);
}

function centralHeader(entry: zip.ZipEntry, now: Date): Buffer {
  const name = Buffer.from(entry.name);
  const wide = entry.bytes >= zip.MAX32;
  const far = entry.offset >= zip.MAX32;
  const values = [...(wide ? [entry.bytes, entry.bytes] : []), ...(far ? [entry.offset] : [])];
  const extra =
    values.length === 0
      ? Buffer.alloc(0)
      : Buffer.concat([u16(zip.ZIP64_EXTRA, values.length * 8), ...values.map(u64)]);
  return Buffer.concat([
    u32(zip.CENTRAL),
    u16(45),
    common(entry, wide || far ? 45 : 20, now),
    u16(name.length, extra.length, 0, 0, 0),
    u32(0, far ? zip.MAX32 : entry.offset),
    name,
    extra,
  ]);
}

function endOf(count: number, start: number, length: number): Buffer {
  const wide = count >= zip.MAX16 || start + length >= zip.MAX32;
  const end = Buffer.concat([
    u32(zip.END),
    u16(0, 0, Math.min(count, zip.MAX16), Math.min(count, zip.MAX16)),
    u32(Math.min(length, zip.MAX32), Math.min(start, zip.MAX32)),
    u16(0),
  ]);
  if (!wide) return end;
  const end64 = [u32(zip.END64), u64(zip.END64_BYTES - 12), u16(45, 45), u32(0, 0)];
  const places = [u64(count), u64(count), u64(length), u64(start)];
  return Buffer.concat([...end64, ...places, u32(zip.LOCATOR64, 0), u64(start + length), u32(1), end]);
}

function u16(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) made.writeUInt16LE(value, at * 2);
  return made;
}

function u32(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) made.writeUInt32LE(value, at * 4);
  return made;
}

function u64(value: number): Buffer {
  const made = Buffer.alloc(8);
  made.writeBigUInt64LE(BigInt(value));
  return made;
}

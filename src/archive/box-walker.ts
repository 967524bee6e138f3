/** Where bytes come from; `FileHandle` fits. */
export interface ByteSource {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

/** A top-level box of ISO/IEC 14496-12, 4.2. */
export interface BoxPlace {
  readonly type: string;
  readonly offset: number;
  /** With its header. */
  readonly size: number;
  readonly headerSize: number;
}

/** Reads exactly `length` bytes, or fewer at the end of the file. */
export async function readFully(source: ByteSource, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await source.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/**
 * The whole boxes between two offsets, in order. Ends silently at the first that is cut off, has no possible size or
 * no printable type: that is where a file that was being written stops making sense.
 */
export async function* walkBoxes(source: ByteSource, from: number, to: number): AsyncGenerator<BoxPlace> {
  let offset = from;
  while (offset + 8 <= to) {
    const header = await readFully(source, offset, Math.min(16, to - offset));
    const box = parseBoxHeader(header, offset, to);
    if (box === undefined) return;
    yield box;
    offset += box.size;
  }
}

/** The box whose header is at the beginning of `header`; undefined when it does not end at or before `to`. */
export function parseBoxHeader(header: Buffer, offset: number, to: number): BoxPlace | undefined {
  if (header.length < 8) return undefined;
  const type = header.toString('latin1', 4, 8);
  if (!/^[\x20-\x7e]{4}$/.test(type)) return undefined;
  let size = header.readUInt32BE(0);
  let headerSize = 8;
  if (size === 1) {
    if (header.length < 16) return undefined;
    const large = header.readBigUInt64BE(8);
    if (large > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    size = Number(large);
    headerSize = 16;
  }
  if (size < headerSize || offset + size > to) return undefined;
  return { type, offset, size, headerSize };
}

/** The boxes inside a piece of memory, with offsets into it; ends like `walkBoxes`. */
export function* boxesIn(data: Buffer, from = 0, to = data.length): Generator<BoxPlace> {
  let offset = from;
  while (offset + 8 <= to) {
    const box = parseBoxHeader(data.subarray(offset, offset + 16), offset, to);
    if (box === undefined) return;
    yield box;
    offset += box.size;
  }
}

/** The first box along a path of types, e.g. `['moov', 'trak', 'mdia']`. */
export function findBox(
  data: Buffer,
  path: readonly string[],
  from = 0,
  to = data.length,
): BoxPlace | undefined {
  const [type, ...rest] = path;
  for (const box of boxesIn(data, from, to)) {
    if (box.type !== type) continue;
    if (rest.length === 0) return box;
    const found = findBox(data, rest, box.offset + box.headerSize, box.offset + box.size);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Building blocks of ISO/IEC 14496-12 boxes. All numbers are big endian. */

export const u8 = (...values: number[]): Buffer => Buffer.from(values);

export function u16(...values: number[]): Buffer {
  const made = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, index) => made.writeUInt16BE(value & 0xffff, index * 2));
  return made;
}

export function u32(...values: number[]): Buffer {
  const made = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => made.writeUInt32BE(value >>> 0, index * 4));
  return made;
}

export function u64(value: number): Buffer {
  const made = Buffer.allocUnsafe(8);
  writeU64(made, value, 0);
  return made;
}

/** Writes a non-negative safe integer as 64 bits. */
export function writeU64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset);
  target.writeUInt32BE(value % 0x1_0000_0000, offset + 4);
}

export const readU64 = (source: Buffer, offset: number): number =>
  source.readUInt32BE(offset) * 0x1_0000_0000 + source.readUInt32BE(offset + 4);

export function box(type: string, ...content: Buffer[]): Buffer {
  let size = 8;
  for (const part of content) size += part.length;
  const made = Buffer.allocUnsafe(size);
  made.writeUInt32BE(size, 0);
  made.write(type, 4, 'latin1');
  let at = 8;
  for (const part of content) at += part.copy(made, at);
  return made;
}

export const fullBox = (type: string, version: number, flags: number, ...content: Buffer[]): Buffer =>
  box(type, u32((version << 24) | flags), ...content);

/** An MPEG-4 descriptor (ISO/IEC 14496-1, 7.2.2) with its length in one to four bytes. */
export function descriptor(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  let rest = body.length;
  do {
    length.unshift((rest & 0x7f) | (length.length === 0 ? 0 : 0x80));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([u8(tag, ...length), body]);
}

export interface BoxAt {
  readonly type: string;
  /** Of the first byte of the header, and behind the last byte of the box. */
  readonly start: number;
  readonly end: number;
  /** Of the first byte behind the header. */
  readonly content: number;
}

/**
 * The whole boxes of one level between two offsets, in order. Stops silently where a header or a box is cut off or
 * announces an impossible size.
 */
export function* boxes(source: Buffer, from = 0, to = source.length): Generator<BoxAt> {
  let start = from;
  while (start + 8 <= to) {
    let size = source.readUInt32BE(start);
    let header = 8;
    if (size === 1) {
      if (start + 16 > to) return;
      size = readU64(source, start + 8);
      header = 16;
    } else if (size === 0) {
      size = to - start;
    }
    if (size < header || start + size > to) return;
    yield {
      type: source.toString('latin1', start + 4, start + 8),
      start,
      end: start + size,
      content: start + header,
    };
    start += size;
  }
}

/** The first box on a path such as `moov/trak/mdia`. */
export function findBox(source: Buffer, path: string, from = 0, to = source.length): BoxAt | undefined {
  const [type, ...rest] = path.split('/');
  for (const found of boxes(source, from, to)) {
    if (found.type !== type) continue;
    return rest.length === 0 ? found : findBox(source, rest.join('/'), found.content, found.end);
  }
  return undefined;
}

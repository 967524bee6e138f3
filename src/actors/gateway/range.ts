export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/**
 * The one range of a `Range` header (RFC 9110, 14.2) of something with `size` bytes. Undefined when there is none that
 * counts (several ranges, another unit, bad syntax: then the whole goes out), `null` when it lies outside.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | null | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? null : { start, end };
}

/** Only a range of the bytes of a stream, which is read no further than its end and then destroyed. */
export async function* partOf(stream: AsyncIterable<Buffer>, range: ByteRange): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const chunk of stream) {
    const from = Math.max(0, range.start - position);
    const to = Math.min(chunk.length, range.end + 1 - position);
    position += chunk.length;
    if (from < to) yield chunk.subarray(from, to);
    if (position > range.end) return;
  }
}

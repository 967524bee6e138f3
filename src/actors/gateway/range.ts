import { Transform, type TransformCallback } from 'node:stream';

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

/** Lets only a range of the bytes through, and ends as soon as it has passed. */
export class RangeFilter extends Transform {
  #position = 0;
  readonly #range: ByteRange;

  constructor(range: ByteRange) {
    super();
    this.#range = range;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const from = Math.max(0, this.#range.start - this.#position);
    const to = Math.min(chunk.length, this.#range.end + 1 - this.#position);
    this.#position += chunk.length;
    if (from < to) this.push(chunk.subarray(from, to));
    if (this.#position > this.#range.end) this.push(null);
    done();
  }
}

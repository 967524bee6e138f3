import { Readable } from 'node:stream';
import { readFully } from '../box-walker.ts';
import { localFiles, type SegmentFiles, type SegmentHandle } from '../segment-files.ts';

/** A piece of an output: bytes, or a place in a file. */
export type Part = Buffer | FilePart;

export interface FilePart {
  readonly path: string;
  readonly position: number;
  readonly length: number;
}

/** Both ends included, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTES = 256 * 1024;

/** The parts that make up a range of the whole. */
export function slice(parts: readonly Part[], range: ByteRange): Part[] {
  const sliced: Part[] = [];
  let offset = 0;
  for (const part of parts) {
    const from = Math.max(0, range.start - offset);
    const to = Math.min(part.length, range.end + 1 - offset);
    offset += part.length;
    if (to <= from) continue;
    if (Buffer.isBuffer(part)) sliced.push(part.subarray(from, to));
    else sliced.push({ path: part.path, position: part.position + from, length: to - from });
  }
  return sliced;
}

export const lengthOf = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** Adds a part, joining it with the one before when both lie behind each other in one file. */
export function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (
    last !== undefined &&
    !Buffer.isBuffer(last) &&
    !Buffer.isBuffer(part) &&
    last.path === part.path &&
    last.position + last.length === part.position
  ) {
    parts[parts.length - 1] = { ...last, length: last.length + part.length };
  } else parts.push(part);
}

/** The bytes of the parts. Reads no further ahead than the consumer drains; closes its file when it is destroyed. */
export function readParts(
  parts: Iterable<Part> | AsyncIterable<Part>,
  files: SegmentFiles = localFiles,
): Readable {
  return Readable.from(bytesOf(parts, files), { objectMode: false, highWaterMark: CHUNK_BYTES });
}

async function* bytesOf(
  parts: Iterable<Part> | AsyncIterable<Part>,
  files: SegmentFiles,
): AsyncGenerator<Buffer> {
  let current: { readonly path: string; readonly handle: SegmentHandle } | undefined;
  try {
    for await (const part of parts) {
      if (Buffer.isBuffer(part)) {
        yield part;
        continue;
      }
      if (current?.path !== part.path) {
        await current?.handle.close();
        current = undefined;
        current = { path: part.path, handle: await files.open(part.path) };
      }
      yield* chunksOf(current.handle, part);
    }
  } finally {
    await current?.handle.close();
  }
}

async function* chunksOf(handle: SegmentHandle, part: FilePart): AsyncGenerator<Buffer> {
  for (let done = 0; done < part.length;) {
    const wanted = Math.min(CHUNK_BYTES, part.length - done);
    const chunk = await readFully(handle, part.position + done, wanted);
    if (chunk.length < wanted) throw new Error(`${part.path} is shorter than it was`);
    done += chunk.length;
    yield chunk;
  }
}

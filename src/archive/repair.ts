import { open, stat, truncate } from 'node:fs/promises';
import { type ByteSource, walkBoxes } from './box-walker.ts';

/** How much of a file of fragmented MP4 makes sense. */
export interface WholePart {
  /** End of the last fragment (moof and mdat) that is complete. */
  readonly end: number;
  /** End of `moov`; 0 when there is none. */
  readonly initEnd: number;
  readonly fragments: number;
}

export interface RepairResult {
  /** `whole`: nothing to do. `cut`: the tail was removed. `empty`: not one whole fragment is in it, untouched. */
  readonly state: 'whole' | 'cut' | 'empty';
  readonly bytes: number;
  readonly removedBytes: number;
  readonly fragments: number;
}

/**
 * Finds the end of the last whole fragment by the headers of the top-level boxes alone (ISO/IEC 14496-12, 8.8).
 *
 * @param known what was found whole before: looks at what comes behind it only
 */
export async function findWholePart(
  source: ByteSource,
  size: number,
  known: WholePart = { end: 0, initEnd: 0, fragments: 0 },
): Promise<WholePart> {
  let { initEnd, end, fragments } = known;
  let moofPending = false;
  for await (const box of walkBoxes(source, end, size)) {
    if (box.type === 'moov' && initEnd === 0) initEnd = box.offset + box.size;
    else if (box.type === 'moof') {
      if (initEnd === 0) break;
      moofPending = true;
    } else if (box.type === 'mdat' && moofPending) {
      moofPending = false;
      fragments += 1;
      end = box.offset + box.size;
    } else if (!KNOWN.has(box.type)) break;
  }
  return { end, initEnd, fragments };
}

const KNOWN = new Set([
  'ftyp',
  'styp',
  'free',
  'skip',
  'uuid',
  'prft',
  'sidx',
  'emsg',
  'mdat',
  'moov',
  'mfra',
]);

/**
 * Cuts a segment that was being written when the node died to its last whole fragment, and makes that durable.
 * Repeating it changes nothing.
 *
 * @param known what was found whole before
 * @throws NodeJS.ErrnoException when the file cannot be read or cut
 */
export async function repairTail(path: string, known?: WholePart): Promise<RepairResult> {
  const { size } = await stat(path);
  const handle = await open(path, 'r');
  let whole: WholePart;
  try {
    whole = await findWholePart(handle, size, known);
  } finally {
    await handle.close();
  }
  const { end, fragments } = whole;
  if (fragments === 0) return { state: 'empty', bytes: size, removedBytes: 0, fragments };
  if (end === size) return { state: 'whole', bytes: size, removedBytes: 0, fragments };
  await truncate(path, end);
  await syncFile(path);
  return { state: 'cut', bytes: end, removedBytes: size - end, fragments };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readSegmentInfo } from '../media/fmp4/segment-info.ts';
import type { SegmentRecord, Store } from '../store/types.ts';
import { readFully } from './box-walker.ts';
import { forEachOf } from './concurrency.ts';
import { hasCode } from './files.ts';
import { dayOf, parseSegmentPath, type SegmentName } from './naming.ts';
import { segmentSpan } from './playback/cut.ts';
import { tryRead } from './playback/plan.ts';
import { repairTail } from './repair.ts';
import { finishRemovals } from './removal.ts';
import { SegmentFormatError } from './init-reader.ts';
import { readEnds, type SegmentIndex, SegmentIndexes } from './segment-index.ts';
import { segmentId } from './segment-record.ts';
import type { VolumeSet } from './volume-set.ts';

export interface RecoverParts {
  readonly store: {
    readonly segments: Pick<Store['segments'], 'find' | 'get' | 'replace' | 'remove'>;
    readonly settings: Pick<Store['settings'], 'get' | 'remove'>;
  };
  readonly volumes: Pick<VolumeSet, 'resolve' | 'roots'>;
  readonly nodeId: string;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

export interface Recovered {
  /** Rows that are closed now as their files are. */
  closed: number;
  /** Files whose tail was cut off, and by how much. */
  cut: number;
  cutBytes: number;
  /** Files that the index did not know. */
  adopted: number;
  /** Files without a whole fragment, and rows without a file. */
  removed: number;
}

export interface RecoverOptions {
  /**
   * Files that began before this are known to the index, milliseconds since 1970: some minutes before the last sign of
   * life of the node.
   */
  readonly since: number;
  /** Files that changed after this may be written right now and are left alone: the start of the node. */
  readonly until: number;
}

const AT_A_TIME = 12;
const HEAD_BYTES = 64 * 1024;
/** The first row of a segment is written before its bytes are durable; it tells of less than this. */
const FIRST_ROW_MS = 5_000;
const nothing = (): Recovered => ({ closed: 0, cut: 0, cutBytes: 0, adopted: 0, removed: 0 });

/**
 * Brings volumes and index together after the node has ended, however it did: segments that it was writing are cut to
 * their last whole fragment and closed, files of its last minutes that the index does not know are taken in, removals
 * that were begun are finished. Run it before recorders write; one file that cannot be read does not stop it.
 *
 * @throws Error when the store fails
 */
export async function recover(parts: RecoverParts, options: RecoverOptions): Promise<Recovered> {
  const done = nothing();
  await finishRemovals(parts);
  const open = await parts.store.segments.find({ node: parts.nodeId, closed: false });
  await forEachOf(open, AT_A_TIME, (row) => closeRow(parts, row, done));
  for (const { id, root } of parts.volumes.roots()) {
    const names = await segmentFiles(root, (start) => start >= options.since);
    await forEachOf(names, AT_A_TIME, (name) => adopt(parts, { volume: id, root, ...name }, options, done));
  }
  const { closed, adopted, cut, cutBytes, removed } = done;
  if (closed + adopted + removed > 0) {
    parts.log.info(
      { closed, adopted, cut, cutBytes, removed },
      'the recording of the last run was put in order',
    );
  }
  return done;
}

/**
 * Takes in whatever else lies on the volumes and is not in the index, for instance after the index was lost. Goes
 * through all folders one by one; may run beside everything else.
 */
export async function adoptUnlisted(
  parts: RecoverParts,
  options: Pick<RecoverOptions, 'until'> & { readonly signal: AbortSignal },
): Promise<Recovered> {
  const done = nothing();
  for (const { id, root } of parts.volumes.roots()) {
    for await (const names of dayFolders(root, () => true)) {
      if (options.signal.aborted) return done;
      const [first] = names;
      if (first === undefined) continue;
      const known = await knownIds(parts, first.name);
      const unlisted = names.filter(({ name }) => !known.has(segmentId(name)));
      await forEachOf(unlisted, 2, (name) => adopt(parts, { volume: id, root, ...name }, options, done));
    }
  }
  const { adopted } = done;
  if (adopted > 0) parts.log.info({ adopted }, 'recordings that the index did not know were taken in');
  return done;
}

async function knownIds(
  { store }: RecoverParts,
  { camera, stream, start }: SegmentName,
): Promise<Set<string>> {
  const day = Date.parse(dayOf(start));
  const rows = await store.segments.find({ camera, stream, from: day, to: day + 86_400_000 });
  return new Set(rows.map(({ id }) => id));
}

async function closeRow(parts: RecoverParts, row: SegmentRecord, done: Recovered): Promise<void> {
  const path = parts.volumes.resolve(row);
  // Its volume is not here: it stays as it is until it comes back.
  if (path === undefined) return;
  try {
    const repaired = await mend(path, row, done);
    if (repaired === undefined) {
      await rm(path, { force: true });
      await parts.store.segments.remove([row.id]);
      done.removed += 1;
      return;
    }
    await parts.store.segments.replace({ ...row, ...repaired, closed: true });
    done.closed += 1;
  } catch (err) {
    if (!isFileError(err)) throw err;
    parts.log.warn({ segment: row.id, err }, 'a segment of the last run could not be put in order');
  }
}

interface Found {
  readonly volume: string;
  readonly root: string;
  readonly name: SegmentName;
  readonly path: string;
}

async function adopt(
  parts: RecoverParts,
  { volume, root, name, path }: Found,
  { until }: Pick<RecoverOptions, 'until'>,
  done: Recovered,
): Promise<void> {
  const id = segmentId(name);
  const file = join(root, path);
  try {
    if ((await parts.store.segments.get(id)) !== undefined) return;
    if ((await stat(file)).mtimeMs >= until) return;
    const info = await readInfo(file);
    const from = name.start;
    const repaired = await mend(file, { from, to: from, bytes: 0 }, done);
    if (repaired === undefined) {
      await rm(file, { force: true });
      done.removed += 1;
      return;
    }
    const { camera, stream, epoch, replica } = name;
    const node = info?.node ?? parts.nodeId;
    const codecs = info?.codecs ?? '';
    const row = { id, camera, stream, epoch, replica, node, volume, path, from, codecs, closed: true };
    await parts.store.segments.replace({ ...row, ...repaired });
    done.adopted += 1;
  } catch (err) {
    if (!isFileError(err)) throw err;
    parts.log.warn({ file, err }, 'a file on a volume could not be taken into the index');
  }
}

/** Cuts the file to its last whole fragment. Undefined when it has none or is gone. */
async function mend(
  path: string,
  row: Pick<SegmentRecord, 'from' | 'to' | 'bytes'>,
  done: Recovered,
): Promise<{ bytes: number; to: number } | undefined> {
  try {
    const index = (await knownEnds(path, row)) ?? (await tryRead(new SegmentIndexes(1), path));
    const whole = index && segmentSpan(index, row.from);
    if (index === undefined || whole === undefined) return undefined;
    const { bytes: end, init, fragments } = index;
    const { state, bytes, removedBytes } = await repairTail(path, {
      end,
      initEnd: init.length,
      fragments: fragments.length,
    });
    if (state === 'cut') done.cut += 1;
    done.cutBytes += removedBytes;
    return { bytes, to: Math.round(whole.to) };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The row of a segment that has grown for some time tells what was durable then: only the rest must be looked at. */
async function knownEnds(
  path: string,
  { from, to, bytes }: Pick<SegmentRecord, 'from' | 'to' | 'bytes'>,
): Promise<SegmentIndex | undefined> {
  if (to - from < FIRST_ROW_MS) return undefined;
  try {
    return await readEnds(path, bytes);
  } catch (error) {
    if (error instanceof SegmentFormatError) return undefined;
    throw error;
  }
}

async function readInfo(path: string) {
  const handle = await open(path, 'r');
  try {
    return readSegmentInfo(await readFully(handle, 0, HEAD_BYTES));
  } finally {
    await handle.close();
  }
}

const isFileError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && typeof error.syscall === 'string';

interface NamedFile {
  readonly name: SegmentName;
  /** Below the root, with `/`. */
  readonly path: string;
}

async function segmentFiles(root: string, wanted: (start: number) => boolean): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for await (const names of dayFolders(root, (day) => wanted(Date.parse(day) + 86_400_000))) {
    for (const named of names) if (wanted(named.name.start)) found.push(named);
  }
  return found;
}

/** The segments of each day folder on a volume. */
async function* dayFolders(root: string, wanted: (day: string) => boolean): AsyncGenerator<NamedFile[]> {
  for (const camera of await names(root)) {
    for (const stream of await names(join(root, camera))) {
      for (const day of await names(join(root, camera, stream))) {
        if (!/^\d{4}-\d\d-\d\d$/.test(day) || !wanted(day)) continue;
        const files = await names(join(root, camera, stream, day));
        yield files.flatMap((file) => {
          const path = `${camera}/${stream}/${day}/${file}`;
          const name = parseSegmentPath(path);
          return name === undefined ? [] : [{ name, path }];
        });
      }
    }
  }
}

/** Newest days first; nothing for what is no folder. */
async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort().reverse();
  } catch (error) {
    if (hasCode(error, 'ENOTDIR') || hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

import type { SegmentRecord } from '../../store/types.ts';
import type { VideoTrack } from '../../media/types.ts';
import { readFully } from '../box-walker.ts';
import type { SampleRun } from '../moof-reader.ts';
import { localFiles, type SegmentFiles } from '../segment-files.ts';
import type { SegmentIndex } from '../segment-index.ts';
import { videoTrackOf } from '../track-reader.ts';
import { cutSegment, SegmentClock } from './cut.ts';

/** An access unit of a recording, its NAL units behind their lengths. Times in ticks of the track. */
export interface RecordedUnit {
  readonly data: Buffer;
  readonly key: boolean;
  readonly pts: number;
  readonly dts: number;
}

/** What a decoder needs to show one picture. */
export interface RecordedPicture {
  readonly track: VideoTrack;
  /** In decoding order, a key frame first. */
  readonly units: readonly RecordedUnit[];
  /** Of the wanted picture. Some that are shown later may be among the units, because it depends on them. */
  readonly pts: number;
  /** When it was taken, milliseconds since 1970. */
  readonly time: number;
}

/** A group of pictures that is larger cannot be meant for looking into, bytes. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * The picture that was shown at a time, with all that it depends on; before the first picture, that one. Undefined when
 * there is no video.
 */
export async function readRecordedPicture(
  index: SegmentIndex,
  record: Pick<SegmentRecord, 'from' | 'codecs'>,
  time: number,
  files: SegmentFiles = localFiles,
): Promise<RecordedPicture | undefined> {
  const video = index.tracks.find(({ kind }) => kind === 'video');
  const clock = new SegmentClock(index, record.from);
  const at = Math.max(time, record.from);
  // Times are known to the millisecond.
  const before = at + 2;
  const cut = cutSegment(index, record.from, { from: at, to: Number.POSITIVE_INFINITY, before });
  const runs = cut?.fragments.flat().filter(({ kind }) => kind === 'video') ?? [];
  const bytes = runs.reduce((sum, { sizes }) => sizes.reduce((total, size) => total + size, sum), 0);
  if (video === undefined || runs.length === 0 || bytes > MAX_BYTES) return undefined;
  const units = await readUnits(index.path, runs, files);
  const track = videoTrackOf(
    video,
    record.codecs,
    units.some(({ pts, dts }) => pts !== dts),
  );
  if (track === undefined) return undefined;
  const shown = units.map((unit) => unit.pts).filter((ticks) => clock.wall(ticks) < before);
  const pts = Math.max(...shown, units[0]?.pts ?? 0);
  return { track, units, pts, time: clock.wall(pts) };
}

async function readUnits(
  path: string,
  runs: readonly SampleRun[],
  files: SegmentFiles,
): Promise<RecordedUnit[]> {
  const units: RecordedUnit[] = [];
  const handle = await files.open(path);
  try {
    for (const run of runs) {
      let dts = run.decodeTime;
      let { position } = run;
      for (const [at, size] of run.sizes.entries()) {
        const data = await readFully(handle, position, size);
        units.push({ data, key: run.keys[at] === 1, pts: dts + (run.shifts[at] ?? 0), dts });
        dts += run.durations[at] ?? 0;
        position += size;
      }
    }
  } finally {
    await handle.close();
  }
  return units;
}

import { CameraId, StreamName } from '../contracts/entities.ts';

/** What the name of a segment file says, so that an index can be made again from the files alone. */
export interface SegmentName {
  readonly camera: string;
  readonly stream: StreamName;
  /** Milliseconds since 1970 of the first sample. */
  readonly start: number;
  /** The epoch of the recorder that wrote it. */
  readonly epoch: number;
  readonly replica: number;
}

const FILE = /^(\d{1,15})-e(\d{1,15})-r(\d{1,4})-(\w+)\.mp4$/;

/** The UTC day of a time, `YYYY-MM-DD`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The path of a segment below the root of its volume, with `/` between folders on every system. */
export function segmentPath(name: SegmentName): string {
  const start = Math.floor(name.start);
  const file = `${String(start)}-e${String(name.epoch)}-r${String(name.replica)}-${name.stream}.mp4`;
  return `${name.camera}/${name.stream}/${dayOf(start)}/${file}`;
}

/** The inverse of `segmentPath`; undefined for every path that it cannot have made. */
export function parseSegmentPath(path: string): SegmentName | undefined {
  const [camera, stream, day, file, ...more] = path.replaceAll('\\', '/').split('/');
  if (camera === undefined || file === undefined || more.length > 0) return undefined;
  const match = FILE.exec(file);
  const parsedStream = StreamName.safeParse(stream);
  if (match === null || !parsedStream.success || !CameraId.safeParse(camera).success) return undefined;
  const start = Number(match[1]);
  if (start > 8.64e15 || match[4] !== parsedStream.data || day !== dayOf(start)) return undefined;
  return {
    camera,
    stream: parsedStream.data,
    start,
    epoch: Number(match[2]),
    replica: Number(match[3]),
  };
}

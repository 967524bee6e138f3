import type { SegmentRow } from '../media/segment/types.ts';
import type { SegmentRecord } from '../store/types.ts';
import { type SegmentName, parseSegmentPath } from './naming.ts';

/** The id of a segment, unique for ever. */
export const segmentId = ({ camera, stream, start, epoch, replica }: SegmentName): string =>
  `${camera}/${stream}/${String(Math.floor(start))}-e${String(epoch)}-r${String(replica)}`;

/** What the index keeps of a row of the writer. @throws RangeError for a path that no segment can have */
export function recordOf(row: SegmentRow): SegmentRecord {
  const name = parseSegmentPath(row.place.path);
  if (name === undefined) throw new RangeError(`${row.place.path} is not the path of a segment`);
  const { camera, stream, epoch, replica, node } = row.identity;
  return {
    id: segmentId(name),
    camera,
    stream,
    replica,
    epoch,
    node,
    volume: row.place.volume,
    path: row.place.path,
    from: row.from,
    to: row.to,
    bytes: row.bytes,
    closed: row.closed,
    codecs: row.codecs,
  };
}

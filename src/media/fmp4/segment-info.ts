import { z } from 'zod';
import { box, boxes } from './boxes.ts';

const UUID = Buffer.from('6f0bb0a3f5a24b0e9b7a3c5d81e2a7c4', 'hex');

const Segment = z.object({
  camera: z.string(),
  stream: z.string(),
  epoch: z.number(),
  replica: z.number(),
  node: z.string(),
  session: z.number(),
  generation: z.number(),
  start: z.number(),
  codecs: z.string(),
});
const Info = z.object({ version: z.literal(1), segment: Segment });

/** What a segment file says about itself. `start`: milliseconds since 1970 at media time 0. */
export type SegmentInfo = z.output<typeof Segment>;

/** A box of type `uuid` (ISO/IEC 14496-12, 4.2) with JSON in it, between moov and the first fragment. */
export const segmentInfoBox = (info: SegmentInfo): Buffer =>
  box('uuid', UUID, Buffer.from(JSON.stringify({ version: 1, segment: info })));

/** Reads it from the beginning of a file; undefined when there is none or it is damaged. */
export function readSegmentInfo(head: Buffer): SegmentInfo | undefined {
  for (const { type, content, end } of boxes(head)) {
    if (type !== 'uuid' || !head.subarray(content, content + 16).equals(UUID)) continue;
    return parse(head.toString('utf8', content + 16, end));
  }
  return undefined;
}

function parse(text: string): SegmentInfo | undefined {
  try {
    return Info.parse(JSON.parse(text)).segment;
  } catch {
    return undefined;
  }
}

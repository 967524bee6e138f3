import type { VideoCodec, VideoTrack } from '../types.ts';

/** One access unit of a job. */
export interface PictureUnit {
  readonly data: Buffer;
  /** Milliseconds since 1970 of its presentation. */
  readonly time: number;
  readonly key: boolean;
}

export interface PictureJob {
  readonly track: Pick<VideoTrack, 'codec' | 'vps' | 'sps' | 'pps'>;
  /** In decoding order, beginning with a key frame. */
  readonly units: readonly PictureUnit[];
  /** The picture that is shown at this time; the newest when absent. */
  readonly at?: number | undefined;
  /** Pixels; never enlarged. The picture's own when absent, at most 1080. */
  readonly height?: number | undefined;
}

/** A job as the worker reads it. */
export interface EncodedJob {
  readonly codec: VideoCodec;
  readonly parameterSets: readonly Buffer[];
  readonly units: readonly PictureUnit[];
}

/** `u8 is H.265 | u8 count of parameter sets | sets | units`: a set is `u32 length | data`, a unit has also `f64 time | u8 key`. */
export function encodeJob({ track, units }: PictureJob): Buffer {
  const sets = [...track.vps, ...track.sps, ...track.pps];
  const parts: Buffer[] = [Buffer.from([track.codec === 'h265' ? 1 : 0, sets.length])];
  for (const set of sets) parts.push(u32(set.length), set);
  for (const { data, time, key } of units) {
    const head = Buffer.allocUnsafe(13);
    head.writeUInt32BE(data.length, 0);
    head.writeDoubleBE(time, 4);
    head.writeUInt8(key ? 1 : 0, 12);
    parts.push(head, data);
  }
  return Buffer.concat(parts);
}

/** @throws RangeError when the data is cut off */
export function decodeJob(payload: Buffer): EncodedJob {
  let at = 2;
  const take = (): Buffer => {
    const length = payload.readUInt32BE(at);
    return payload.subarray(at + 4, (at += 4 + length));
  };
  const parameterSets: Buffer[] = [];
  for (let left = payload.readUInt8(1); left > 0; left -= 1) parameterSets.push(take());
  const units: PictureUnit[] = [];
  while (at < payload.length) {
    const length = payload.readUInt32BE(at);
    const time = payload.readDoubleBE(at + 4);
    const key = payload.readUInt8(at + 12) === 1;
    units.push({ data: payload.subarray(at + 13, at + 13 + length), time, key });
    at += 13 + length;
  }
  return { codec: payload.readUInt8(0) === 1 ? 'h265' : 'h264', parameterSets, units };
}

function u32(value: number): Buffer {
  const out = Buffer.allocUnsafe(4);
  out.writeUInt32BE(value);
  return out;
}

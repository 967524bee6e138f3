import type { VideoCodec } from '../../types.ts';

export interface NalSink {
  /** A whole NAL unit. */
  nal(data: Buffer, start: number, end: number): void;
  /** The header bytes of a fragmented NAL unit; its pieces follow. */
  begin(header: readonly number[]): void;
  piece(data: Buffer, start: number, end: number): void;
  end(): void;
}

/** Takes one RTP payload apart. False when it contradicts itself; what came before in it is delivered. */
export type NalPayload = (data: Buffer, start: number, end: number, sink: NalSink) => boolean;

/** RFC 6184, packetization modes 0 and 1: single NAL unit, STAP-A and FU-A. */
export const h264Payload: NalPayload = (data, start, end, sink) => {
  const first = data.readUInt8(start);
  const type = first & 31;
  if (first > 127) return false;
  if (type > 0 && type < 24) {
    sink.nal(data, start, end);
    return true;
  }
  if (type === 24) return aggregate(data, start + 1, end, 1, sink);
  if (type !== 28 || end - start < 3) return false;
  const header = data.readUInt8(start + 1);
  const inner = header & 31;
  if (inner === 0 || inner > 23) return false;
  fragment(data, start + 2, end, header, [(first & 0xe0) | inner], sink);
  return true;
};

/** RFC 7798 without DONL: single NAL unit, aggregation packet (48) and fragmentation unit (49). */
export const h265Payload: NalPayload = (data, start, end, sink) => {
  if (end - start < 3) return false;
  const first = data.readUInt8(start);
  const second = data.readUInt8(start + 1);
  const type = (first >> 1) & 63;
  if (first > 127 || (second & 7) === 0) return false;
  if (type < 48) {
    sink.nal(data, start, end);
    return true;
  }
  if (type === 48) return aggregate(data, start + 2, end, 2, sink);
  if (type !== 49 || end - start < 4) return false;
  const header = data.readUInt8(start + 2);
  const inner = header & 63;
  if (inner >= 48) return false;
  fragment(data, start + 3, end, header, [(first & 0x81) | (inner << 1), second], sink);
  return true;
};

export const nalPayload = (codec: VideoCodec): NalPayload => (codec === 'h264' ? h264Payload : h265Payload);

function fragment(
  data: Buffer,
  start: number,
  end: number,
  header: number,
  nalHeader: readonly number[],
  sink: NalSink,
): void {
  if ((header & 0x80) !== 0) sink.begin(nalHeader);
  sink.piece(data, start, end);
  if ((header & 0x40) !== 0) sink.end();
}

function aggregate(data: Buffer, start: number, end: number, shortest: number, sink: NalSink): boolean {
  let at = start;
  while (at + 2 <= end) {
    const length = data.readUInt16BE(at);
    at += 2;
    if (length < shortest || at + length > end) return false;
    if (data.readUInt8(at) > 127) return false;
    sink.nal(data, at, at + length);
    at += length;
  }
  return at === end;
}

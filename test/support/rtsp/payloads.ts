import type { VideoCodec } from '../../../src/media/types.ts';

/** RTP payloads of one access unit: single NAL units, small sets aggregated, large ones fragmented (RFC 6184, 7798). */
export function videoPayloads(codec: VideoCodec, nals: readonly Buffer[], mtu = 1_400): Buffer[] {
  const small = nals.filter((nal) => nal.length < 200);
  const aggregate = small.length > 1 && small.every((nal, index) => nal === nals[index]);
  const alone = aggregate ? nals.slice(small.length) : nals;
  return [
    ...(aggregate ? [aggregation(codec, small)] : []),
    ...alone.flatMap((nal) => (nal.length <= mtu ? [nal] : fragments(codec, nal, mtu))),
  ];
}

function aggregation(codec: VideoCodec, nals: readonly Buffer[]): Buffer {
  const head = codec === 'h264' ? Buffer.from([24]) : Buffer.from([48 << 1, 1]);
  return Buffer.concat([
    head,
    ...nals.flatMap((nal) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(nal.length);
      return [length, nal];
    }),
  ]);
}

function fragments(codec: VideoCodec, nal: Buffer, mtu: number): Buffer[] {
  const [first = 0, second = 0] = nal;
  const headerBytes = codec === 'h264' ? 1 : 2;
  const body = nal.subarray(headerBytes);
  const made: Buffer[] = [];
  for (let at = 0; at < body.length; at += mtu) {
    const end = Math.min(at + mtu, body.length);
    const flags = (at === 0 ? 0x80 : 0) | (end === body.length ? 0x40 : 0);
    const head =
      codec === 'h264'
        ? [(first & 0xe0) | 28, flags | (first & 31)]
        : [(first & 0x81) | (49 << 1), second, flags | ((first >> 1) & 63)];
    made.push(Buffer.concat([Buffer.from(head), body.subarray(at, end)]));
  }
  return made;
}

/** AAC frames in mode AAC-hbr (RFC 3640): 13 bits of size, 3 of index. */
export function aacPayload(frames: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(2 + 2 * frames.length);
  head.writeUInt16BE(16 * frames.length);
  for (const [index, frame] of frames.entries()) head.writeUInt16BE(frame.length << 3, 2 + 2 * index);
  return Buffer.concat([head, ...frames]);
}

/** An interleaved frame (RFC 2326 10.12). */
export function interleaved(channel: number, packet: Buffer): Buffer {
  const head = Buffer.from([0x24, channel, 0, 0]);
  head.writeUInt16BE(packet.length, 2);
  return Buffer.concat([head, packet]);
}

/** One RTP packet. */
export function rtpPacket(fields: {
  payloadType?: number;
  seq: number;
  timestamp: number;
  ssrc?: number;
  marker?: boolean;
  payload: Buffer;
}): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = (fields.payloadType ?? 96) | (fields.marker === true ? 0x80 : 0);
  head.writeUInt16BE(fields.seq & 0xffff, 2);
  head.writeUInt32BE(fields.timestamp >>> 0, 4);
  head.writeUInt32BE(fields.ssrc ?? 0x1234, 8);
  return Buffer.concat([head, fields.payload]);
}

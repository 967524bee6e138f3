import { z } from 'zod';
import type { Packet, StreamHeader, Track } from '../types.ts';

/**
 * The language of a link. Both sides speak in frames: length of what follows (32 bits), kind (8 bits), content; numbers
 * are big-endian. From the server come stream headers (JSON), packets and status frames; the reader only says that it is
 * alive.
 */
export const LINK_PROTOCOL = 'sightmesh-link/1';

export const FRAME = { header: 1, packet: 2, status: 3, alive: 4 } as const;

/** Kind, track, flags, spare, session, generation, then seq, pts, dts and time as 64-bit floating point numbers. */
const PACKET_HEAD = 4 + 4 + 4 + 4 * 8;
const KEY = 1;
const DISCONTINUITY = 2;
const AUDIO = 4;
/** A frame that is longer makes no sense, bytes. */
export const MAX_FRAME = 64 * 2 ** 20;

/** Sent once a second, so that either side notices when the other is gone. */
export interface LinkStatus {
  /** Whether a source feeds the hub. */
  readonly live: boolean;
}

const Bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const Count = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31);
const VideoFields = z.object({
  kind: z.literal('video'),
  codec: z.enum(['h264', 'h265']),
  codecString: z.string().max(128),
  width: Count,
  height: Count,
  fps: z.number().optional(),
  reorders: z.boolean(),
  vps: z.array(Bytes),
  sps: z.array(Bytes),
  pps: z.array(Bytes),
  timebase: Count,
});
const AudioFields = z.object({
  kind: z.literal('audio'),
  codec: z.enum(['aac', 'pcma', 'pcmu', 'opus']),
  codecString: z.string().max(128),
  sampleRate: Count,
  channels: Count,
  config: Bytes,
  timebase: Count,
});
const Header = z.object({
  session: z.number().int(),
  generation: z.number().int(),
  tracks: z.array(z.discriminatedUnion('kind', [VideoFields, AudioFields])).max(2),
});

/** What came cannot be a frame of a link. */
export class LinkFormatError extends Error {
  override readonly name = 'LinkFormatError';
}

export function encodeHeader(header: StreamHeader): Buffer {
  const { session, generation } = header;
  const body = Buffer.from(JSON.stringify({ session, generation, tracks: header.tracks.map(plain) }));
  return Buffer.concat([head(FRAME.header, body.length), body]);
}

/** @throws LinkFormatError */
export function decodeHeader(content: Buffer): StreamHeader {
  try {
    const { session, generation, tracks } = Header.parse(JSON.parse(content.toString('utf8')));
    return { session, generation, tracks: tracks.map(withoutUnknown) };
  } catch (error) {
    throw new LinkFormatError('a stream header that makes no sense', { cause: error });
  }
}

/** All packets one behind the other in one piece, for one write. */
export function encodePackets(packets: readonly Packet[]): Buffer {
  let bytes = 0;
  for (const { data } of packets) bytes += 4 + PACKET_HEAD + data.length;
  const frames = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const packet of packets) at = writePacket(frames, at, packet);
  return frames;
}

function writePacket(frames: Buffer, start: number, packet: Packet): number {
  const { data } = packet;
  let at = frames.writeUInt32BE(PACKET_HEAD + data.length, start);
  at = frames.writeUInt8(FRAME.packet, at);
  at = frames.writeUInt8(packet.track, at);
  const flags = (packet.key ? KEY : 0) | (packet.discontinuity ? DISCONTINUITY : 0);
  at = frames.writeUInt8(flags | (packet.kind === 'audio' ? AUDIO : 0), at);
  at = frames.writeUInt8(0, at);
  at = frames.writeUInt32BE(packet.session, at);
  at = frames.writeUInt32BE(packet.generation, at);
  at = frames.writeDoubleBE(packet.seq, at);
  at = frames.writeDoubleBE(packet.pts, at);
  at = frames.writeDoubleBE(packet.dts, at);
  at = frames.writeDoubleBE(packet.time, at);
  return at + data.copy(frames, at);
}

/**
 * A packet as it was at the origin. Its data is a part of the frame, not a copy.
 *
 * @param frame from the kind on
 * @throws LinkFormatError
 */
export function decodePacket(frame: Buffer): Packet {
  if (frame.length < PACKET_HEAD) throw new LinkFormatError('a packet without its fields');
  const flags = frame.readUInt8(2);
  const packet: Packet = {
    track: frame.readUInt8(1),
    kind: (flags & AUDIO) === 0 ? 'video' : 'audio',
    pts: frame.readDoubleBE(20),
    dts: frame.readDoubleBE(28),
    time: frame.readDoubleBE(36),
    seq: frame.readDoubleBE(12),
    session: frame.readUInt32BE(4),
    generation: frame.readUInt32BE(8),
    discontinuity: (flags & DISCONTINUITY) !== 0,
    key: (flags & KEY) !== 0,
    data: frame.subarray(PACKET_HEAD),
  };
  const sane =
    Number.isSafeInteger(packet.pts) && Number.isSafeInteger(packet.dts) && Number.isFinite(packet.time);
  if (!sane || !Number.isSafeInteger(packet.seq)) throw new LinkFormatError('a packet without a time');
  return packet;
}

export const encodeStatus = ({ live }: LinkStatus): Buffer =>
  Buffer.concat([head(FRAME.status, 1), Buffer.from([live ? 1 : 0])]);

export const decodeStatus = (content: Buffer): LinkStatus => ({ live: content[0] === 1 });

export const ALIVE: Buffer = head(FRAME.alive, 0);

function head(kind: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes.writeUInt32BE(1 + length, 0);
  bytes.writeUInt8(kind, 4);
  return bytes;
}

const base64 = (data: Buffer): string => data.toString('base64');

function plain(track: Track): object {
  if (track.kind === 'audio') return { ...track, config: base64(track.config) };
  return { ...track, vps: track.vps.map(base64), sps: track.sps.map(base64), pps: track.pps.map(base64) };
}

function withoutUnknown(track: z.output<typeof VideoFields> | z.output<typeof AudioFields>): Track {
  if (track.kind === 'audio') return track;
  const { fps, ...rest } = track;
  return fps === undefined ? rest : { ...rest, fps };
}

import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../../src/media/link/frame-reader.ts';
import {
  decodeHeader,
  decodePacket,
  decodeStatus,
  encodeHeader,
  encodePackets,
  encodeStatus,
  FRAME,
  LinkFormatError,
} from '../../../../src/media/link/frames.ts';
import type { Packet, StreamHeader } from '../../../../src/media/types.ts';
import { linkFrame, PCM_TRACK } from '../../../support/link/link-frames.ts';
import { stamped, videoTrack } from '../../../support/media/video-frames.ts';
import { mutate, seeded } from '../../../support/random.ts';

const { fps, ...withoutFps } = videoTrack;
const header: StreamHeader = { session: 3, generation: 7, tracks: [videoTrack, PCM_TRACK] };
const packets: Packet[] = [
  stamped(linkFrame(0, 'video', 500), 2 ** 40, 7, 3),
  stamped(linkFrame(1, 'audio', 0), 1, 7, 3),
  stamped(linkFrame(7, 'video', 70_000), 2, 7, 3),
];
const stream = Buffer.concat([encodeHeader(header), encodeStatus({ live: true }), encodePackets(packets)]);

function readAll(pieces: Iterable<Buffer>): Buffer[] {
  const frames: Buffer[] = [];
  const reader = new FrameReader((frame) => void frames.push(frame));
  for (const piece of pieces) reader.push(piece);
  return frames;
}

function* cut(data: Buffer, length: () => number): Generator<Buffer> {
  for (let at = 0; at < data.length;) {
    const end = at + length();
    yield data.subarray(at, end);
    at = end;
  }
}

describe('the frames of a link', () => {
  it('bring back what was put in, in whatever pieces they come', () => {
    const random = seeded(5);
    for (const length of [() => stream.length, () => 1, () => 3, () => 1 + Math.floor(random() * 9_000)]) {
      const [head, status, ...rest] = readAll(cut(stream, length));
      expect(head?.[0]).toBe(FRAME.header);
      expect(decodeHeader(head?.subarray(1) ?? Buffer.alloc(0))).toEqual(header);
      expect(decodeStatus(status?.subarray(1) ?? Buffer.alloc(0))).toEqual({ live: true });
      expect(rest.map((frame) => decodePacket(frame))).toEqual(packets);
    }
  });

  it('are not copied when they come in one piece', () => {
    const last = readAll([stream]).at(-1);
    expect(last && decodePacket(last).data.buffer).toBe(stream.buffer);
  });

  it('keep a track without a declared frame rate without one', () => {
    expect(fps).toBe(25);
    const tracks = [withoutFps];
    const encoded = encodeHeader({ ...header, tracks });
    expect(decodeHeader(encoded.subarray(5)).tracks).toStrictEqual(tracks);
  });

  it('refuse lengths that no frame has', () => {
    expect(() => readAll([Buffer.from([0, 0, 0, 0, 1])])).toThrow(LinkFormatError);
    expect(() => readAll([Buffer.from([0xff]), Buffer.from([0, 0, 0])])).toThrow(LinkFormatError);
  });

  it('damaged ones give packets, headers or a LinkFormatError, and nothing else', () => {
    const random = seeded(11);
    let refused = 0;
    for (let round = 0; round < 3_000; round += 1) {
      try {
        for (const frame of readAll([mutate(stream, random)])) {
          if (frame[0] === FRAME.packet) {
            const { pts, dts, time } = decodePacket(frame);
            expect([pts, dts, time].every(Number.isFinite)).toBe(true);
          } else if (frame[0] === FRAME.header) decodeHeader(frame.subarray(1));
        }
      } catch (error) {
        if (!(error instanceof LinkFormatError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

import { AV_CODEC_ID_H264, AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, Frame, Packet, Rational } from 'node-av/lib';
import type { VideoTrack } from '../../src/media/types.ts';

export interface EncodedPicture {
  /** Length-prefixed NAL units without parameter sets. */
  readonly data: Buffer;
  readonly key: boolean;
  readonly pts: number;
}

export interface MovingPicture {
  readonly track: VideoTrack;
  readonly pictures: readonly EncodedPicture[];
}

const WIDTH = 320;
const HEIGHT = 180;

/** A grey, structured scene of 320x180 at 10 fps; a bright block moves from picture `moveFrom` on. GOP of 10. */
export async function movingPicture(count: number, moveFrom = 0): Promise<MovingPicture> {
  const codec = Codec.findEncoder(AV_CODEC_ID_H264);
  if (codec === null) throw new Error('no H.264 encoder');
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = WIDTH;
  context.height = HEIGHT;
  context.pixelFormat = AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(1, 10);
  context.gopSize = 10;
  context.maxBFrames = 0;
  context.threadCount = 1;
  const options = Dictionary.fromObject({
    preset: 'ultrafast',
    tune: 'zerolatency',
    'x264-params': 'annexb=1',
  });
  if ((await context.open2(codec, options)) < 0) throw new Error('the encoder does not open');
  const units: { nals: Buffer[]; pts: number }[] = [];
  for (let index = 0; index < count; index += 1) {
    const frame = Frame.fromVideoBuffer(picture(index, moveFrom), {
      width: WIDTH,
      height: HEIGHT,
      format: AV_PIX_FMT_YUV420P,
      pts: BigInt(index),
      timeBase: { num: 1, den: 10 },
    });
    await context.sendFrame(frame);
    frame.free();
    units.push(...(await receive(context)));
  }
  context.freeContext();
  return assemble(units);
}

async function receive(context: CodecContext): Promise<{ nals: Buffer[]; pts: number }[]> {
  const units = [];
  const packet = new Packet();
  packet.alloc();
  while ((await context.receivePacket(packet)) >= 0) {
    units.push({ nals: splitAnnexB(Buffer.from(packet.data ?? [])), pts: Number(packet.pts) });
    packet.unref();
  }
  packet.free();
  return units;
}

function assemble(units: readonly { nals: Buffer[]; pts: number }[]): MovingPicture {
  const ofType = (type: number) =>
    units.flatMap(({ nals }) => nals.filter((nal) => ((nal[0] ?? 0) & 31) === type)).slice(0, 1);
  const pictures = units.map(({ nals, pts }) => ({
    data: Buffer.concat(
      nals.filter((nal) => [1, 5].includes((nal[0] ?? 0) & 31)).flatMap((nal) => [lengthOf(nal), nal]),
    ),
    key: nals.some((nal) => ((nal[0] ?? 0) & 31) === 5),
    pts,
  }));
  const track: VideoTrack = {
    kind: 'video',
    codec: 'h264',
    codecString: 'avc1.42c00d',
    width: WIDTH,
    height: HEIGHT,
    fps: 10,
    reorders: false,
    vps: [],
    sps: ofType(7),
    pps: ofType(8),
    timebase: 10,
  };
  return { track, pictures };
}

function picture(index: number, moveFrom: number): Buffer {
  const data = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
  const moved = index < moveFrom ? -1 : (index - moveFrom) * 6;
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const inside = moved >= 0 && x >= moved && x < moved + 40 && y >= 60 && y < 120;
      data[y * WIDTH + x] = inside ? 220 : 60 + (((x >> 5) + (y >> 5)) % 3) * 20;
    }
  }
  return data;
}

function splitAnnexB(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = -1;
  for (let at = 0; at + 3 <= data.length; at += 1) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (start >= 0) nals.push(data.subarray(start, data[at - 1] === 0 ? at - 1 : at));
    start = at + 3;
    at += 2;
  }
  if (start >= 0) nals.push(data.subarray(start));
  return nals;
}

function lengthOf(nal: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return length;
}

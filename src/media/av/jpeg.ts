import {
  AVCOL_RANGE_JPEG,
  AV_CODEC_ID_MJPEG,
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_YUVJ420P,
  FF_QP2LAMBDA,
} from 'node-av/constants';
import { Codec, CodecContext, type Frame, Packet, Rational } from 'node-av/lib';
import { aspectOf, Scaler } from './scaler.ts';

/** FFmpeg's scale of 1 (best) to 31. */
const QUALITY = 4;
const MAX_SIDE = 8_192;

export interface Jpeg {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Encodes pictures as JPEG, keeping the encoder while the size stays. */
export class JpegEncoder {
  readonly #scaler = new Scaler('jpeg');
  #context: CodecContext | undefined;
  #size = '';
  #pts = 0n;

  /** @param height pixels; never enlarged, the width follows. @throws Error when encoding fails. */
  encode(frame: Frame, height?: number): Jpeg {
    const size = sizeFor(frame, height);
    const scaled = this.#scaler.scale(frame, size.width, size.height);
    const context = this.#prepare(size.width, size.height);
    scaled.pts = this.#pts;
    scaled.quality = QUALITY * FF_QP2LAMBDA;
    this.#pts += 1n;
    const packet = new Packet();
    packet.alloc();
    try {
      const sent = context.sendFrameSync(scaled);
      const received = sent < 0 ? sent : context.receivePacketSync(packet);
      if (received < 0 || packet.data === null) throw new Error(`JPEG encoding failed (${received})`);
      return { data: Buffer.from(packet.data), ...size };
    } finally {
      packet.free();
    }
  }

  close(): void {
    this.#scaler.close();
    this.#context?.freeContext();
    this.#context = undefined;
    this.#size = '';
  }

  #prepare(width: number, height: number): CodecContext {
    const size = `${width}x${height}`;
    if (this.#context !== undefined && this.#size === size) return this.#context;
    this.#context?.freeContext();
    const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG);
    if (codec === null) throw new Error('no JPEG encoder');
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = AV_PIX_FMT_YUVJ420P;
    context.colorRange = AVCOL_RANGE_JPEG;
    context.timeBase = new Rational(1, 25);
    context.threadCount = 1;
    context.setFlags(AV_CODEC_FLAG_QSCALE);
    context.globalQuality = QUALITY * FF_QP2LAMBDA;
    const result = context.open2Sync(codec, null);
    if (result < 0) throw new Error(`the JPEG encoder does not open (${result})`);
    this.#context = context;
    this.#size = size;
    return context;
  }
}

function sizeFor(frame: Frame, wanted: number | undefined): { width: number; height: number } {
  const height = Math.min(wanted ?? frame.height, frame.height, MAX_SIDE);
  const width = Math.min(MAX_SIDE, height * aspectOf(frame));
  return { width: even(width), height: even(height) };
}

const even = (side: number): number => Math.max(2, Math.round(side / 2) * 2);

import { AV_PIX_FMT_YUV420P, FF_ENCODER_LIBX264 } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, Frame, Packet, Rational } from 'node-av/lib';
import { lengthPrefixed, splitAnnexB } from '../../codec/annex-b.ts';
import { H264 } from '../../codec/h264.ts';
import type { TestScene } from './address.ts';
import type { Picture } from './picture.ts';

export interface EncodedPicture {
  /** Length-prefixed NAL units without parameter sets. */
  readonly data: Buffer;
  readonly key: boolean;
}

export type EncoderSettings = Pick<TestScene, 'width' | 'height' | 'fps' | 'gopSeconds'>;

interface Rate {
  readonly num: number;
  readonly den: number;
}

const OPTIONS = {
  preset: 'ultrafast',
  tune: 'zerolatency',
  crf: '25',
  'x264-params': 'annexb=1:repeat-headers=1:scenecut=0',
};

/** Encodes pictures as H.264 without B-frames, one out for each one in. For worker processes only: native code. */
export class PictureEncoder {
  readonly #context: CodecContext;
  readonly #packet = new Packet();
  readonly #rate: Rate;
  #count = 0n;
  #sps: Buffer | undefined;
  #pps: Buffer | undefined;

  private constructor(context: CodecContext, rate: Rate) {
    this.#context = context;
    this.#rate = rate;
    this.#packet.alloc();
  }

  /** @throws Error when the encoder does not open */
  static async open({ width, height, fps, gopSeconds }: EncoderSettings): Promise<PictureEncoder> {
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (codec === null) throw new Error('no H.264 encoder');
    const rate = { num: 1000, den: Math.round(fps * 1000) };
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(rate.num, rate.den);
    context.framerate = new Rational(rate.den, rate.num);
    context.gopSize = Math.max(1, Math.round(fps * gopSeconds));
    context.maxBFrames = 0;
    context.threadCount = 1;
    // Not open2Sync: with options it frees them twice (node-av 6.1).
    const result = await context.open2(codec, Dictionary.fromObject(OPTIONS));
    if (result < 0) {
      context.freeContext();
      throw new Error(`the H.264 encoder does not open (${String(result)})`);
    }
    return new PictureEncoder(context, rate);
  }

  /** Known with the first picture. */
  get parameterSets(): { sps: Buffer; pps: Buffer } | undefined {
    return this.#sps === undefined || this.#pps === undefined
      ? undefined
      : { sps: this.#sps, pps: this.#pps };
  }

  /** @throws Error when encoding fails */
  encode(picture: Picture): EncodedPicture {
    const frame = Frame.fromVideoBuffer(picture.data, {
      width: picture.width,
      height: picture.height,
      format: AV_PIX_FMT_YUV420P,
      pts: this.#count,
      timeBase: this.#rate,
    });
    this.#count += 1n;
    const sent = this.#context.sendFrameSync(frame);
    frame.free();
    const result = sent < 0 ? sent : this.#context.receivePacketSync(this.#packet);
    if (result < 0 || this.#packet.data === null) throw new Error(`encoding failed (${String(result)})`);
    const made = this.#take(this.#packet.data);
    this.#packet.unref();
    return made;
  }

  close(): void {
    this.#packet.free();
    this.#context.freeContext();
  }

  #take(data: Buffer): EncodedPicture {
    const slices: Buffer[] = [];
    let key = false;
    for (const nal of splitAnnexB(data)) {
      const type = (nal[0] ?? 0) & 31;
      if (type === H264.sps) this.#sps ??= Buffer.from(nal);
      else if (type === H264.pps) this.#pps ??= Buffer.from(nal);
      else if (type === H264.slice || type === H264.idr) slices.push(nal);
      key ||= type === H264.idr;
    }
    return { data: lengthPrefixed(slices), key };
  }
}

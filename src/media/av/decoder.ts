import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC } from 'node-av/constants';
import { Codec, CodecContext, type Frame as AvFrame, Frame, Packet } from 'node-av/lib';
import type { VideoCodec } from '../types.ts';

const START_CODE = Buffer.from([0, 0, 0, 1]);

/** NAL units as a byte stream (ITU-T H.264 and H.265, annex B). */
export function annexB(units: readonly Buffer[]): Buffer {
  return Buffer.concat(units.flatMap((unit) => [START_CODE, unit]));
}

/**
 * Length-prefixed NAL units as a byte stream. A length that reaches beyond the data ends the conversion there, so that
 * a damaged picture loses its tail only.
 */
export function toAnnexB(data: Buffer): Buffer {
  const out = Buffer.from(data);
  let at = 0;
  while (at + 4 <= out.length) {
    const length = out.readUInt32BE(at);
    START_CODE.copy(out, at);
    at += 4 + length;
    if (at > out.length) break;
  }
  return out;
}

/** Decodes one video stream in this thread. For worker processes only: it is native code on foreign input. */
export class VideoDecoder {
  readonly #context = new CodecContext();
  readonly #parameterSets: Buffer;
  /** Pictures that could not be decoded. */
  errors = 0;

  /** @param parameterSets as a byte stream. @throws Error when the decoder does not open. */
  constructor(codec: VideoCodec, parameterSets: Buffer) {
    this.#parameterSets = parameterSets;
    const found = Codec.findDecoder(codec === 'h264' ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC);
    if (found === null) throw new Error(`no decoder for ${codec}`);
    this.#context.allocContext3(found);
    this.#context.threadCount = 1;
    const result = this.#context.open2Sync(found, null);
    if (result < 0) throw new Error(`the ${codec} decoder does not open (${result})`);
  }

  /**
   * Feeds one access unit and yields the pictures that are ready. Each lives until the next step of the iteration:
   * clone it to keep it.
   * @param time milliseconds; comes back as the `pts` of its picture, in microseconds.
   */
  *decode(data: Buffer, time: number, key: boolean): Generator<AvFrame> {
    const packet = new Packet();
    packet.alloc();
    try {
      packet.data = key ? Buffer.concat([this.#parameterSets, toAnnexB(data)]) : toAnnexB(data);
      packet.pts = BigInt(Math.round(time * 1000));
      packet.isKeyframe = key;
      if (this.#context.sendPacketSync(packet) < 0) this.errors += 1;
    } finally {
      packet.free();
    }
    yield* this.#receive();
  }

  /** The pictures that the decoder still holds back. Nothing can be decoded afterwards. */
  *flush(): Generator<AvFrame> {
    this.#context.sendPacketSync(null);
    yield* this.#receive();
  }

  close(): void {
    this.#context.freeContext();
  }

  *#receive(): Generator<AvFrame> {
    const frame = new Frame();
    frame.alloc();
    try {
      while (this.#context.receiveFrameSync(frame) >= 0) {
        if (frame.width > 0 && frame.height > 0) yield frame;
        frame.unref();
      }
    } finally {
      frame.free();
    }
  }
}

import {
  type AVPixelFormat,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUVJ420P,
  SWS_AREA,
} from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';

/** Scales pictures to one size and pixel format; follows when the input changes its own. Not re-entrant. */
export class Scaler {
  readonly #format: AVPixelFormat;
  #context: SoftwareScaleContext | undefined;
  #out: Frame | undefined;
  #key = '';

  constructor(format: 'gray' | 'rgb' | 'jpeg') {
    this.#format = { gray: AV_PIX_FMT_GRAY8, rgb: AV_PIX_FMT_RGB24, jpeg: AV_PIX_FMT_YUVJ420P }[format];
  }

  /** The result lives until the next call. @throws Error when the picture cannot be scaled. */
  scale(frame: Frame, width: number, height: number): Frame {
    const { context, out } = this.#prepare(frame, width, height);
    const result = context.scaleFrameSync(out, frame);
    if (result < 0) throw new Error(`a picture could not be scaled (${result})`);
    return out;
  }

  /** Pixels of the scaled picture, packed, for gray and rgb. */
  pixels(frame: Frame, width: number, height: number): { width: number; height: number; data: Buffer } {
    return { width, height, data: this.scale(frame, width, height).toBuffer() };
  }

  close(): void {
    this.#context?.freeContext();
    this.#out?.free();
    this.#context = undefined;
    this.#out = undefined;
    this.#key = '';
  }

  #prepare(frame: Frame, width: number, height: number): { context: SoftwareScaleContext; out: Frame } {
    const key = [frame.width, frame.height, frame.format, width, height].join();
    if (this.#context !== undefined && this.#out !== undefined && key === this.#key) {
      return { context: this.#context, out: this.#out };
    }
    this.close();
    const context = new SoftwareScaleContext();
    context.getContext(
      frame.width,
      frame.height,
      frame.format as AVPixelFormat,
      width,
      height,
      this.#format,
      SWS_AREA,
    );
    const out = new Frame();
    out.alloc();
    out.width = width;
    out.height = height;
    out.format = this.#format;
    const result = out.allocBuffer();
    if (result < 0) throw new Error(`no memory for a picture of ${width} × ${height} (${result})`);
    this.#context = context;
    this.#out = out;
    this.#key = key;
    return { context, out };
  }
}

/** Width over height as shown: pixels need not be square. */
export function aspectOf(frame: Frame): number {
  const { num, den } = frame.sampleAspectRatio;
  const pixel = num > 0 && den > 0 ? num / den : 1;
  return (frame.width * pixel) / frame.height;
}

import { LinkFormatError, MAX_FRAME } from './frames.ts';

/**
 * Puts frames together from the pieces in which they arrive. A frame that lies within one piece is a part of it; only
 * those that are spread over several are copied, once.
 */
export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #maxFrame: number;
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes of the frame at hand, with the four of its length; 0 while that is not known. */
  #wanted = 0;

  /** @param onFrame gets each frame from its kind on; it has at least one byte */
  constructor(onFrame: (frame: Buffer) => void, maxFrame = MAX_FRAME) {
    this.#onFrame = onFrame;
    this.#maxFrame = maxFrame;
  }

  /** @throws LinkFormatError for a length that no frame has */
  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#held === 0) {
        at = this.#wholeFrames(piece, at);
        if (at === piece.length) return;
      }
      at = this.#collect(piece, at);
    }
  }

  #wholeFrames(piece: Buffer, start: number): number {
    let at = start;
    while (piece.length - at >= 4) {
      const end = at + 4 + this.#checked(piece.readUInt32BE(at));
      if (end > piece.length) break;
      this.#onFrame(piece.subarray(at + 4, end));
      at = end;
    }
    return at;
  }

  #collect(piece: Buffer, start: number): number {
    const goal = this.#wanted === 0 ? 4 : this.#wanted;
    const end = Math.min(piece.length, start + goal - this.#held);
    this.#pieces.push(piece.subarray(start, end));
    this.#held += end - start;
    if (this.#held < goal) return end;
    const whole = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces, this.#held);
    if (whole === undefined) return end;
    if (this.#wanted === 0) {
      this.#pieces = [whole];
      this.#wanted = 4 + this.#checked(whole.readUInt32BE(0));
      return end;
    }
    this.#pieces = [];
    this.#held = 0;
    this.#wanted = 0;
    this.#onFrame(whole.subarray(4));
    return end;
  }

  #checked(length: number): number {
    if (length < 1 || length > this.#maxFrame) {
      throw new LinkFormatError(`a frame of ${String(length)} bytes`);
    }
    return length;
  }
}

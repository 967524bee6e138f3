export interface AudioFormat {
  /** RFC 3640 3.3.6, bits. */
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
}

export interface AudioHandler {
  /** @param ticks behind the packet's timestamp, in its clock */
  frame(data: Buffer, start: number, end: number, timestamp: number, ticks: number, gap: boolean): void;
  malformed(): void;
}

const MAX_FRAMES = 64;
const MAX_FRAME = 8_192;

/** Takes AAC in RFC 3640 packets (mode AAC-hbr or AAC-lbr) apart; a frame may be spread over several packets. */
export class AacDepacketizer {
  readonly #format: AudioFormat;
  readonly #frameTicks: number;
  readonly #handler: AudioHandler;
  #part: Buffer | undefined;
  #partBytes = 0;
  #partTimestamp = 0;
  #gap = false;

  /** @param frameTicks RTP clock ticks of one frame */
  constructor(format: AudioFormat, frameTicks: number, handler: AudioHandler) {
    this.#format = format;
    this.#frameTicks = frameTicks;
    this.#handler = handler;
  }

  push(data: Buffer, start: number, end: number, timestamp: number, marker: boolean, gap: boolean): void {
    if (gap) {
      this.#gap = true;
      this.#part = undefined;
    }
    if (this.#part !== undefined && timestamp !== this.#partTimestamp) {
      this.#part = undefined;
      this.#gap = true;
    }
    const sizes = this.#sizes(data, start, end);
    if (sizes === undefined) {
      this.#handler.malformed();
      this.#gap = true;
      return;
    }
    const { frames, at } = sizes;
    const [first] = frames;
    if (frames.length === 1 && first !== undefined && (this.#part !== undefined || first > end - at)) {
      this.#piece(data, at, end, first, timestamp, marker);
      return;
    }
    this.#whole(data, at, end, frames, timestamp);
  }

  #whole(data: Buffer, start: number, end: number, frames: readonly number[], timestamp: number): void {
    let at = start;
    for (const [index, size] of frames.entries()) {
      if (size === 0 || at + size > end) {
        this.#handler.malformed();
        this.#gap = true;
        return;
      }
      this.#emit(data, at, at + size, timestamp, index * this.#frameTicks);
      at += size;
    }
  }

  #piece(data: Buffer, start: number, end: number, size: number, timestamp: number, marker: boolean): void {
    if (this.#part === undefined) {
      this.#part = Buffer.allocUnsafe(size);
      this.#partBytes = 0;
      this.#partTimestamp = timestamp;
    }
    const part = this.#part;
    if (part.length === size && this.#partBytes + end - start <= size) {
      data.copy(part, this.#partBytes, start, end);
      this.#partBytes += end - start;
      if (this.#partBytes < size && !marker) return;
      this.#part = undefined;
      if (this.#partBytes === size) {
        this.#emit(part, 0, size, timestamp, 0);
        return;
      }
    }
    this.#part = undefined;
    this.#gap = true;
    this.#handler.malformed();
  }

  #emit(data: Buffer, start: number, end: number, timestamp: number, ticks: number): void {
    this.#handler.frame(data, start, end, timestamp, ticks, this.#gap);
    this.#gap = false;
  }

  /** The AU header section; undefined when it does not fit into the packet. */
  #sizes(data: Buffer, start: number, end: number): { frames: number[]; at: number } | undefined {
    const { sizeLength, indexLength, indexDeltaLength } = this.#format;
    if (end - start < 3) return undefined;
    const headerBits = data.readUInt16BE(start);
    const at = start + 2 + ((headerBits + 7) >> 3);
    if (at >= end || headerBits === 0) return undefined;
    const frames: number[] = [];
    let bit = 0;
    while (bit + sizeLength <= headerBits) {
      const size = readBits(data, start + 2, bit, sizeLength);
      if (size > MAX_FRAME || frames.length >= MAX_FRAMES) return undefined;
      bit += sizeLength + (frames.length === 0 ? indexLength : indexDeltaLength);
      frames.push(size);
    }
    return frames.length > 0 ? { frames, at } : undefined;
  }
}

function readBits(data: Buffer, start: number, from: number, count: number): number {
  let value = 0;
  for (let bit = from; bit < from + count; bit += 1) {
    value = (value << 1) | ((data.readUInt8(start + (bit >> 3)) >> (7 - (bit & 7))) & 1);
  }
  return value;
}

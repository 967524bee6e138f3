/** Reads the bits of a raw byte sequence payload (ITU-T H.264 7.2, 9.1). */
export class BitReader {
  readonly #data: Buffer;
  #at = 0;

  /** @param payload without emulation prevention, see `unescape` */
  constructor(payload: Buffer) {
    this.#data = payload;
  }

  get bitsLeft(): number {
    return this.#data.length * 8 - this.#at;
  }

  /** @throws RangeError behind the end */
  bit(): number {
    const byte = this.#data[this.#at >> 3];
    if (byte === undefined) throw new RangeError('parameter set ends too early');
    const value = (byte >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return value;
  }

  /** @param count 0 to 32 */
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    if (count > this.bitsLeft) throw new RangeError('parameter set ends too early');
    this.#at += count;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** ue(v) */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros += 1;
      if (zeros > 32) throw new RangeError('parameter set holds an endless number');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) */
  se(): number {
    const value = this.ue();
    return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
  }
}

/** A copy without emulation prevention bytes: the 3 in `00 00 03`. */
export function unescape(nal: Buffer): Buffer {
  const made = Buffer.allocUnsafe(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    made[length] = byte;
    length += 1;
  }
  return made.subarray(0, length);
}

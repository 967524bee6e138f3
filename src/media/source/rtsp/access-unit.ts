const MIN_SLAB = 64 * 1024;
const MAX_SLAB = 512 * 1024;
const MAX_ACCESS_UNIT = 16 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Builds access units of length-prefixed NAL units. The bytes go straight into a slab that many units share, so each
 * is copied once; a finished unit is a view of its slab, which nobody writes there again.
 */
export class AccessUnitWriter {
  #slab: Buffer = EMPTY;
  #start = 0;
  #at = 0;
  #nal = -1;
  #usual = 4_096;

  /** Bytes of the unit so far. */
  get length(): number {
    return this.#at - this.#start;
  }

  get inNal(): boolean {
    return this.#nal >= 0;
  }

  beginNal(): void {
    this.#reserve(4);
    this.#nal = this.#at;
    this.#at += 4;
  }

  /** @throws RangeError when the unit outgrows 16 MiB */
  append(data: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    data.copy(this.#slab, this.#at, start, end);
    this.#at += end - start;
  }

  appendByte(byte: number): void {
    this.#reserve(1);
    this.#slab[this.#at] = byte;
    this.#at += 1;
  }

  /** The finished NAL unit, valid until the next call. */
  endNal(): Buffer {
    const length = this.#at - this.#nal - 4;
    this.#slab.writeUInt32BE(length, this.#nal);
    return this.#slab.subarray(this.#nal + 4, this.#at);
  }

  keepNal(): void {
    this.#nal = -1;
  }

  /** Takes the NAL unit back, finished or not. */
  dropNal(): void {
    if (this.#nal >= 0) this.#at = this.#nal;
    this.#nal = -1;
  }

  /** The access unit; the next one begins behind it. */
  finish(): Buffer {
    this.dropNal();
    const unit = this.#slab.subarray(this.#start, this.#at);
    this.#usual = Math.max(unit.length, Math.round(this.#usual * 0.9));
    this.#start = this.#at;
    return unit;
  }

  /** Throws the unit away. */
  reset(): void {
    this.#at = this.#start;
    this.#nal = -1;
  }

  #reserve(bytes: number): void {
    if (
      this.#at + bytes <= this.#slab.length &&
      (this.length > 0 || this.#start + this.#usual <= this.#slab.length)
    ) {
      return;
    }
    const length = this.length;
    if (length + bytes > MAX_ACCESS_UNIT) throw new RangeError('access unit is too large');
    const wanted = Math.max(MIN_SLAB, Math.min(MAX_SLAB, this.#usual * 8), (length + bytes) * 2);
    const slab = Buffer.allocUnsafeSlow(wanted);
    this.#slab.copy(slab, 0, this.#start, this.#at);
    if (this.#nal >= 0) this.#nal -= this.#start;
    this.#slab = slab;
    this.#start = 0;
    this.#at = length;
  }
}

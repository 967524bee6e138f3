import { MAX_BODY, MAX_HEAD, parseHead, type RtspMessage } from './message.ts';

export interface InterleavedHandler {
  /** The bytes are only valid during the call. */
  frame(channel: number, data: Buffer, start: number, end: number): void;
  message(message: RtspMessage): void;
  /** Bytes that belong to nothing were passed over. */
  garbage(bytes: number): void;
}

const DOLLAR = 0x24;
const MAX_GARBAGE = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Takes the byte stream of an RTSP connection apart into interleaved frames (RFC 2326 10.12) and messages. Frames are
 * handed out where they lie in the receive buffer; only one that is split over two reads is copied.
 */
export class InterleavedParser {
  readonly #handler: InterleavedHandler;
  readonly #frame = Buffer.allocUnsafeSlow(4 + 0xffff);
  #frameBytes = 0;
  #text: Buffer = EMPTY;
  #skipped = 0;

  constructor(handler: InterleavedHandler) {
    this.#handler = handler;
  }

  /** @throws RangeError when a message is too large, or nothing makes sense for a megabyte */
  push(chunk: Buffer, bytes: number): void {
    let at = 0;
    if (this.#frameBytes > 0) at = this.#completeFrame(chunk, bytes);
    else if (this.#text.length > 0) {
      const joined = Buffer.concat([this.#text, chunk.subarray(0, bytes)]);
      this.#text = EMPTY;
      this.#parse(joined, 0, joined.length);
      return;
    }
    this.#parse(chunk, at, bytes);
  }

  #completeFrame(chunk: Buffer, bytes: number): number {
    let at = 0;
    const take = (wanted: number) => {
      const count = Math.min(wanted - this.#frameBytes, bytes - at);
      if (count <= 0) return;
      chunk.copy(this.#frame, this.#frameBytes, at, at + count);
      this.#frameBytes += count;
      at += count;
    };
    take(4);
    if (this.#frameBytes < 4) return at;
    const end = 4 + this.#frame.readUInt16BE(2);
    take(end);
    if (this.#frameBytes < end) return at;
    this.#frameBytes = 0;
    this.#handler.frame(this.#frame.readUInt8(1), this.#frame, 4, end);
    return at;
  }

  #parse(data: Buffer, from: number, end: number): void {
    let at = from;
    while (at < end) {
      if (data[at] === DOLLAR) {
        const next = end - at < 4 ? end + 1 : at + 4 + data.readUInt16BE(at + 2);
        if (next > end) {
          data.copy(this.#frame, 0, at, end);
          this.#frameBytes = end - at;
          return;
        }
        this.#skipped = 0;
        this.#handler.frame(data.readUInt8(at + 1), data, at + 4, next);
        at = next;
        continue;
      }
      const next = this.#parseText(data, at, end);
      if (next < 0) {
        this.#text = Buffer.from(data.subarray(at, end));
        return;
      }
      at = next;
    }
  }

  /** Where to go on; -1 when more is needed. */
  #parseText(data: Buffer, at: number, end: number): number {
    if (data[at] === 13 || data[at] === 10) return at + 1;
    if (!mayBeMessage(data, at, end)) return this.#skip(data, at, end);
    const stop = data.subarray(0, end).indexOf('\r\n\r\n', at, 'latin1');
    if (stop < 0) {
      if (end - at > MAX_HEAD) throw new RangeError('RTSP message head is too long');
      return -1;
    }
    if (stop - at > MAX_HEAD) throw new RangeError('RTSP message head is too long');
    let head;
    try {
      head = parseHead(data.toString('latin1', at, stop));
    } catch {
      return this.#skip(data, at, end);
    }
    const bodyEnd = stop + 4 + head.contentLength;
    if (bodyEnd > end) return bodyEnd - at > MAX_HEAD + MAX_BODY ? this.#skip(data, at, end) : -1;
    this.#skipped = 0;
    this.#handler.message({ ...head, body: data.toString('utf8', stop + 4, bodyEnd) });
    return bodyEnd;
  }

  /** Passes over what is neither frame nor message, to the next byte that could begin one. */
  #skip(data: Buffer, at: number, end: number): number {
    let next = at + 1;
    while (next < end && data[next] !== DOLLAR && !mayBeMessage(data, next, end)) next += 1;
    this.#handler.garbage(next - at);
    this.#skipped += next - at;
    if (this.#skipped > MAX_GARBAGE) throw new RangeError('this is not RTSP');
    return next;
  }
}

/** The bytes so far could begin `RTSP/…` or a request such as `OPTIONS rtsp:…`. */
function mayBeMessage(data: Buffer, at: number, end: number): boolean {
  const last = Math.min(end, at + 24);
  for (let index = at; index < last; index += 1) {
    const byte = data.readUInt8(index);
    if (byte >= 0x41 && byte <= 0x5a) continue;
    if (index - at < 3) return false;
    return byte === 0x20 || byte === 0x2f || byte === 0x5f;
  }
  return last === end;
}

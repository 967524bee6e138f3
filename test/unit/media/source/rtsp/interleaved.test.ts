import { describe, expect, it } from 'vitest';
import { InterleavedParser } from '../../../../../src/media/source/rtsp/interleaved.ts';
import { interleaved } from '../../../../support/rtsp/payloads.ts';

function parser() {
  const seen: string[] = [];
  let garbage = 0;
  const parse = new InterleavedParser({
    frame: (channel, data, start, end) => seen.push(`${String(channel)}:${data.toString('hex', start, end)}`),
    message: (message) => seen.push(`${String(message.status)} ${message.method}|${message.body}`),
    garbage: (bytes) => (garbage += bytes),
  });
  return { seen, garbage: () => garbage, push: (data: Buffer) => parse.push(data, data.length) };
}

const STREAM = Buffer.concat([
  Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhe$lo'),
  interleaved(0, Buffer.from('8060', 'hex')),
  interleaved(1, Buffer.alloc(0)),
  Buffer.from('\r\nOPTIONS rtsp://x RTSP/1.0\r\nCSeq: 2\r\n\r\n'),
  interleaved(255, Buffer.from('24242424', 'hex')),
  interleaved(3, Buffer.alloc(300, 7)),
  Buffer.from('RTSP/1.0 404\r\n\r\n'),
]);
const EXPECTED = [
  '200 |he$lo',
  '0:8060',
  '1:',
  '0 OPTIONS|',
  '255:24242424',
  `3:${'07'.repeat(300)}`,
  '404 |',
];

describe('InterleavedParser', () => {
  it('finds the same in one piece, byte by byte, and split at any place', () => {
    const whole = parser();
    whole.push(STREAM);
    expect(whole.seen).toEqual(EXPECTED);
    expect(whole.garbage()).toBe(0);
    for (const size of [1, 2, 3, 5, 17]) {
      const pieces = parser();
      for (let at = 0; at < STREAM.length; at += size) pieces.push(STREAM.subarray(at, at + size));
      expect(pieces.seen).toEqual(EXPECTED);
    }
    for (let at = 0; at <= STREAM.length; at += 1) {
      const two = parser();
      two.push(STREAM.subarray(0, at));
      two.push(STREAM.subarray(at));
      expect(two.seen).toEqual(EXPECTED);
    }
  });

  it('does not keep the receive buffer: it may be used again at once', () => {
    const one = parser();
    const buffer = Buffer.alloc(64);
    for (let at = 0; at < STREAM.length; at += 64) {
      const count = STREAM.copy(buffer, 0, at, at + 64);
      one.push(buffer.subarray(0, count));
      buffer.fill(0xff);
    }
    expect(one.seen).toEqual(EXPECTED);
  });

  it('passes over what is neither frame nor message, and goes on behind it', () => {
    const noisy = parser();
    noisy.push(Buffer.concat([Buffer.from('hello \u0001 HTTP/1.1 what\r\n\r\n'), STREAM]));
    expect(noisy.seen).toEqual(EXPECTED);
    expect(noisy.garbage()).toBeGreaterThan(10);
  });

  it('throws when a head does not end, or a megabyte makes no sense', () => {
    const endless = parser();
    const line = Buffer.from(`X: ${'y'.repeat(2_000)}\r\n`);
    endless.push(Buffer.from('RTSP/1.0 200 OK\r\n'));
    expect(() => {
      for (let count = 0; count < 100; count += 1) endless.push(line);
    }).toThrow(/head is too long/);
    const noise = parser();
    expect(() => {
      for (let count = 0; count < 3_000; count += 1) noise.push(Buffer.alloc(1_000, 0x61));
    }).toThrow(/not RTSP/);
  });
});

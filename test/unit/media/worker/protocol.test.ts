import { describe, expect, it } from 'vitest';
import { encodeHeader, FrameReader } from '../../../../src/media/worker/protocol.ts';

function read(chunks: Buffer[]) {
  const got: [string, string][] = [];
  const reader = new FrameReader((message, payload) => got.push([message.type, payload.toString()]));
  for (const chunk of chunks) reader.push(chunk);
  return got;
}

describe('worker framing', () => {
  const bytes = Buffer.concat([
    encodeHeader({ type: 'a' }, 3),
    Buffer.from('abc'),
    encodeHeader({ type: 'b' }, 0),
  ]);

  it('reads frames however they are cut', () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([
        ['a', 'abc'],
        ['b', ''],
      ]);
    }
  });

  it('refuses a frame that lies about its length', () => {
    const lie = Buffer.from(bytes);
    lie.writeUInt32BE(0xfffffff0, 0);
    expect(() => read([lie])).toThrow(RangeError);
    const inner = Buffer.from(bytes);
    inner.writeUInt16BE(60_000, 4);
    expect(() => read([inner])).toThrow(RangeError);
  });
});

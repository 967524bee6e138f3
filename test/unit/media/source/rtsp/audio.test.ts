import { describe, expect, it } from 'vitest';
import { AacDepacketizer } from '../../../../../src/media/source/rtsp/audio.ts';
import { aacPayload } from '../../../../support/rtsp/payloads.ts';

function depacketizer() {
  const seen: string[] = [];
  let malformed = 0;
  const one = new AacDepacketizer({ sizeLength: 13, indexLength: 3, indexDeltaLength: 3 }, 1_024, {
    frame: (data, start, end, timestamp, ticks, gap) => {
      seen.push(`${data.toString('latin1', start, end)}@${String(timestamp + ticks)}${gap ? ' gap' : ''}`);
    },
    malformed: () => (malformed += 1),
  });
  const push = (payload: Buffer, timestamp: number, marker = true, gap = false) => {
    one.push(payload, 0, payload.length, timestamp, marker, gap);
  };
  return { seen, push, malformed: () => malformed };
}
const text = (...frames: string[]) => aacPayload(frames.map((frame) => Buffer.from(frame)));
/** A header that announces `size` bytes before a piece of them. */
const piece = (size: number, bytes: string) => {
  const payload = aacPayload([Buffer.from(bytes)]);
  payload.writeUInt16BE(size << 3, 2);
  return payload;
};

describe('AacDepacketizer', () => {
  it('finds one or several frames in a packet', () => {
    const { seen, push } = depacketizer();
    push(text('one'), 0);
    push(text('two', 'three', 'x'), 1_024);
    expect(seen).toEqual(['one@0', 'two@1024', 'three@2048', 'x@3072']);
  });

  it('puts a frame together that is spread over packets', () => {
    const { seen, push, malformed } = depacketizer();
    push(piece(8, 'abc'), 5, false);
    push(piece(8, 'de'), 5, false);
    push(piece(8, 'fgh'), 5, true);
    expect(seen).toEqual(['abcdefgh@5']);
    expect(malformed()).toBe(0);
  });

  it('leaves a frame out of which a piece is missing, and says so with the next', () => {
    const { seen, push } = depacketizer();
    push(piece(8, 'abc'), 5, false);
    push(piece(8, 'fgh'), 5, true, true);
    push(text('next'), 1_029);
    push(piece(6, 'abc'), 2_053, false);
    push(text('other'), 3_077);
    expect(seen).toEqual(['next@1029 gap', 'other@3077 gap']);
  });

  it.each(['', '0010', '000000', '0010ffff', '00100018', 'ffff0000', '0020001800186161'])(
    'passes over %j',
    (hex) => {
      const { seen, push, malformed } = depacketizer();
      push(Buffer.from(hex, 'hex'), 0);
      push(text('next'), 1_024);
      expect(malformed()).toBeLessThanOrEqual(2);
      expect(seen.at(-1)).toBe('next@1024 gap');
      expect(seen).toHaveLength(seen[0] === 'next@1024 gap' ? 1 : 2);
    },
  );
});

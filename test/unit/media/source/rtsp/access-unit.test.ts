import { describe, expect, it } from 'vitest';
import { AccessUnitWriter } from '../../../../../src/media/source/rtsp/access-unit.ts';

function write(writer: AccessUnitWriter, bytes: Buffer): void {
  writer.beginNal();
  writer.append(bytes, 0, bytes.length);
}

describe('AccessUnitWriter', () => {
  it('puts NAL units behind their lengths, without those that were taken back', () => {
    const writer = new AccessUnitWriter();
    write(writer, Buffer.from([1, 2]));
    expect(writer.endNal()).toEqual(Buffer.from([1, 2]));
    writer.keepNal();
    write(writer, Buffer.from([9, 9, 9]));
    writer.endNal();
    writer.dropNal();
    writer.beginNal();
    writer.appendByte(3);
    writer.endNal();
    writer.keepNal();
    expect(writer.finish().toString('hex')).toBe('000000020102' + '0000000103');
    expect(writer.length).toBe(0);
  });

  it('never changes a unit that it handed out, however many follow', () => {
    const writer = new AccessUnitWriter();
    const units: { unit: Buffer; fill: number }[] = [];
    for (let index = 0; index < 400; index += 1) {
      const fill = index & 0xff;
      const size = index % 50 === 0 ? 300_000 : 1 + ((index * 977) % 9_000);
      writer.beginNal();
      for (let at = 0; at < size; at += 1_400) {
        const piece = Buffer.alloc(Math.min(1_400, size - at), fill);
        writer.append(piece, 0, piece.length);
      }
      writer.endNal();
      writer.keepNal();
      if (index % 7 === 3) writer.reset();
      else units.push({ unit: writer.finish(), fill });
    }
    for (const { unit, fill } of units) {
      expect(unit.readUInt32BE(0)).toBe(unit.length - 4);
      expect(unit.subarray(4).every((byte) => byte === fill)).toBe(true);
    }
  });

  it('throws when a unit outgrows 16 MiB, and goes on with the next', () => {
    const writer = new AccessUnitWriter();
    const piece = Buffer.alloc(60_000);
    expect(() => {
      writer.beginNal();
      for (;;) writer.append(piece, 0, piece.length);
    }).toThrow(RangeError);
    writer.reset();
    write(writer, Buffer.from([5]));
    writer.endNal();
    writer.keepNal();
    expect(writer.finish().toString('hex')).toBe('0000000105');
  });
});

import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { RangeFilter, rangeOf } from '../../../../src/actors/gateway/range.ts';

test.each([
  ['bytes=0-0', 10, { start: 0, end: 0 }],
  ['bytes=2-5', 10, { start: 2, end: 5 }],
  ['bytes=5-', 10, { start: 5, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-30', 10, { start: 0, end: 9 }],
  ['bytes=5-500', 10, { start: 5, end: 9 }],
  ['bytes=10-', 10, null],
  ['bytes=-0', 10, null],
  ['bytes=0-', 0, null],
  ['bytes=5-2', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=0-1,4-5', 10, undefined],
  ['seconds=0-1', 10, undefined],
  ['bytes=a-b', 10, undefined],
  [undefined, 10, undefined],
])('%s of %i bytes', (header, size, range) => {
  expect(rangeOf(header, size)).toEqual(range);
});

test('only the range passes, however the bytes are cut', async () => {
  const bytes = Buffer.from(Array.from({ length: 100 }, (_, at) => at));
  for (const size of [1, 7, 30, 100]) {
    const chunks = Array.from({ length: Math.ceil(100 / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    const passed: Buffer[] = [];
    await pipeline(
      Readable.from(chunks),
      new RangeFilter({ start: 13, end: 59 }),
      new Writable({
        write: (chunk: Buffer, _, done) => {
          passed.push(chunk);
          done();
        },
      }),
    ).catch(() => undefined);
    expect(Buffer.concat(passed), `in pieces of ${size}`).toEqual(bytes.subarray(13, 60));
  }
});

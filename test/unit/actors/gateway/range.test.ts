import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { partOf, rangeOf } from '../../../../src/actors/gateway/range.ts';

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

async function all(parts: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const passed: Buffer[] = [];
  for await (const part of parts) passed.push(part);
  return passed;
}

const bytes = Buffer.from(Array.from({ length: 100 }, (_, at) => at));

test('only the range passes, however the bytes are cut', async () => {
  for (const size of [1, 7, 30, 100]) {
    const chunks = Array.from({ length: Math.ceil(100 / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    const passed = await all(partOf(Readable.from(chunks), { start: 13, end: 59 }));
    expect(Buffer.concat(passed), `in pieces of ${size}`).toEqual(bytes.subarray(13, 60));
  }
});

test('nothing is read behind the range, and the stream ends', async () => {
  let made = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      made += 1;
      yield bytes;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const stream = Readable.from(endless());
  const passed = await all(partOf(stream, { start: 150, end: 249 }));
  expect(Buffer.concat(passed)).toHaveLength(100);
  expect(stream.destroyed).toBe(true);
  expect(made).toBeLessThan(40);
});

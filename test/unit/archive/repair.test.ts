import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBox } from '../../../src/archive/box-walker.ts';
import { repairTail } from '../../../src/archive/repair.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'repair-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
}

const init = Buffer.concat([box('ftyp', Buffer.from('isom')), box('moov', box('mvhd', Buffer.alloc(20)))]);
const fragment = (size: number) =>
  Buffer.concat([box('moof', box('mfhd', Buffer.alloc(8))), box('mdat', Buffer.alloc(size, 1))]);

async function repaired(content: Buffer) {
  const path = join(folder, 'segment.mp4');
  await writeFile(path, content);
  const result = await repairTail(path);
  return { result, content: await readFile(path), path };
}

describe('the tail of a segment', () => {
  const whole = Buffer.concat([init, fragment(100), fragment(200)]);

  test('a whole file stays as it is', async () => {
    const { result, content } = await repaired(whole);
    expect(result).toEqual({ state: 'whole', bytes: whole.length, removedBytes: 0, fragments: 2 });
    expect(content.equals(whole)).toBe(true);
  });

  test('cut anywhere, the file ends with its last whole fragment', async () => {
    const firstEnd = init.length + fragment(100).length;
    for (let cut = firstEnd; cut < whole.length; cut += 1) {
      const { result, content } = await repaired(whole.subarray(0, cut));
      expect(result.bytes).toBe(firstEnd);
      expect(result.state).toBe(cut === firstEnd ? 'whole' : 'cut');
      expect(content.equals(whole.subarray(0, firstEnd))).toBe(true);
    }
  });

  test('zeros and garbage behind the last fragment go', async () => {
    for (const tail of [Buffer.alloc(4096), Buffer.from('garbage of some length'), box('moof')]) {
      const { result, content } = await repaired(Buffer.concat([whole, tail]));
      expect(result).toMatchObject({ state: 'cut', bytes: whole.length, removedBytes: tail.length });
      expect(content.equals(whole)).toBe(true);
    }
  });

  test('a file without a whole fragment is empty and is left alone', async () => {
    for (const content of [Buffer.alloc(0), init, Buffer.concat([init, fragment(50)]).subarray(0, -1)]) {
      const { result } = await repaired(content);
      expect(result).toMatchObject({ state: 'empty', fragments: 0, bytes: content.length });
    }
  });

  test('fragments before moov do not count', async () => {
    const { result } = await repaired(Buffer.concat([box('ftyp'), fragment(10), init, fragment(10)]));
    expect(result.state).toBe('empty');
  });

  test('64-bit sizes are followed', async () => {
    const large = Buffer.alloc(16 + 30);
    large.writeUInt32BE(1);
    large.write('mdat', 4, 'latin1');
    large.writeBigUInt64BE(46n, 8);
    const { result } = await repaired(Buffer.concat([init, box('moof'), large, Buffer.alloc(3)]));
    expect(result).toMatchObject({ state: 'cut', removedBytes: 3, fragments: 1 });
  });

  test('repairing twice changes nothing', async () => {
    const { path } = await repaired(Buffer.concat([whole, Buffer.alloc(5)]));
    expect(await repairTail(path)).toMatchObject({ state: 'whole', fragments: 2 });
  });
});

test('boxes are found along a path', () => {
  const found = findBox(init, ['moov', 'mvhd']);
  expect(found).toMatchObject({ type: 'mvhd', size: 28 });
  expect(findBox(init, ['moov', 'trak'])).toBeUndefined();
});

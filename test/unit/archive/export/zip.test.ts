import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipError, ZipReader } from '../../../../src/archive/export/zip-reader.ts';
import { ZipWriter } from '../../../../src/archive/export/zip-writer.ts';
import { seeded } from '../../../support/random.ts';

const NOW = new Date(Date.UTC(2026, 0, 5, 12));
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'zip-'));
  file = path.join(folder, 'a.zip');
});
afterAll(() => rm(folder, { recursive: true }));

async function contents(): Promise<Record<string, string>> {
  const zip = await ZipReader.open(file);
  try {
    const found: Record<string, string> = {};
    for (const entry of zip.entries) {
      const chunks: Buffer[] = [];
      for await (const chunk of zip.read(entry)) chunks.push(chunk);
      found[entry.name] = Buffer.concat(chunks).toString('utf8');
    }
    return found;
  } finally {
    await zip.close();
  }
}

async function write(entries: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const zip = await ZipWriter.create(file, NOW);
  for (const [name, chunks] of Object.entries(entries))
    await zip.add(
      name,
      chunks.map((chunk) => Buffer.from(chunk)),
    );
  const bytes = await zip.finish();
  expect((await readFile(file)).length).toBe(bytes);
}

describe('a zip', () => {
  it('holds what was put into it', async () => {
    await write({ 'front-door/ä.mp4': ['one', 'two'], empty: [], 'b.txt': ['three'] });
    expect(await contents()).toEqual({ 'front-door/ä.mp4': 'onetwo', empty: '', 'b.txt': 'three' });
  });

  it('tells length and SHA-256 of each entry', async () => {
    const zip = await ZipWriter.create(file, NOW);
    expect(await zip.add('a', [Buffer.from('ab'), Buffer.from('c')])).toEqual({
      bytes: 3,
      // FIPS 180-2, appendix B.1
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    await zip.finish();
  });

  it('may hold more entries than 16 bits count', async () => {
    const zip = await ZipWriter.create(file, NOW);
    for (let n = 0; n < 65_600; n += 1) await zip.add(String(n), []);
    await zip.finish();
    const reader = await ZipReader.open(file);
    expect(reader.entries).toHaveLength(65_600);
    expect(reader.entries.at(-1)?.name).toBe('65599');
    await reader.close();
  });

  it('is refused when it is cut or no zip at all, and never breaks the reader', async () => {
    await write({ a: ['content'], b: ['more of it'] });
    const whole = await readFile(file);
    const random = seeded(7);
    for (let n = 0; n < 300; n += 1) {
      const broken = Buffer.from(whole);
      broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
      await writeFile(file, n % 3 === 0 ? broken.subarray(0, Math.floor(random() * broken.length)) : broken);
      const error = await contents().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) expect(error).toBeInstanceOf(ZipError);
    }
  });
});

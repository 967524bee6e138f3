import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventPictures } from '../../../src/archive/event-pictures.ts';

const start = Date.UTC(2026, 0, 5, 12);
const event = { id: '0mwuvugj6-8o3o6pfl', camera: 'door', start: new Date(start).toISOString() };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pictures-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('event pictures', () => {
  it('keeps, replaces, reads and removes', async () => {
    const pictures = new EventPictures(folder);
    expect(await pictures.read(event)).toBeUndefined();
    await pictures.save(event.id, event.camera, start, Buffer.from('one'));
    await pictures.save(event.id, event.camera, start, Buffer.from('two'));
    expect((await pictures.read(event))?.toString()).toBe('two');
    expect(await readdir(path.join(folder, 'door', '2026-01-05'))).toEqual([`${event.id}.jpg`]);
    await pictures.remove([event, { ...event, id: 'never-was' }]);
    expect(await pictures.read(event)).toBeUndefined();
  });

  it('leaves nothing behind when it cannot write', async () => {
    await writeFile(path.join(folder, 'door'), 'in the way');
    const pictures = new EventPictures(folder);
    await expect(pictures.save(event.id, 'door', start, Buffer.from('x'))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['door']);
  });

  it.each(['../door', '', 'a/b', '.hidden', 'x'.repeat(65)])('refuses the name %j', async (id) => {
    const pictures = new EventPictures(folder);
    await expect(pictures.read({ ...event, id })).rejects.toThrow(RangeError);
    await expect(pictures.save('fine', id, start, Buffer.from('x'))).rejects.toThrow(RangeError);
  });
});

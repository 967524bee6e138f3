import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MARKER_FILE, openVolume, volumeSpace } from '../../../src/archive/volume.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'volume-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('a new folder is marked once and keeps its id', async () => {
  const path = join(root, 'archive');
  const first = await openVolume(path);
  expect(first.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await openVolume(path)).toEqual(first);
  expect(await openVolume(path, { expect: first.id })).toEqual(first);
});

test('two that open a new folder at once agree', async () => {
  const [a, b] = await Promise.all([openVolume(root), openVolume(root)]);
  expect(a.id).toBe(b.id);
});

test('an expected volume that is not there is missing, and no marker is made', async () => {
  const expected = { expect: '11111111-1111-4111-8111-111111111111' };
  await expect(openVolume(root, expected)).rejects.toMatchObject({ code: 'missing' });
  await openVolume(root);
  await expect(openVolume(root, expected)).rejects.toMatchObject({ code: 'missing' });
});

test('a marker that is not ours is refused', async () => {
  await writeFile(join(root, MARKER_FILE), '{"id":"../.."}');
  await expect(openVolume(root)).rejects.toMatchObject({ code: 'failed' });
});

test('space is told in bytes, and a folder that is gone is missing', async () => {
  const space = await volumeSpace(root);
  expect(space.totalBytes).toBeGreaterThanOrEqual(space.freeBytes);
  await expect(volumeSpace(join(root, 'gone'))).rejects.toMatchObject({ code: 'missing' });
});

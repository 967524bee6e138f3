import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { cameraRecord } from '../../../support/conformance/records.ts';
import { storeConformance } from '../../../support/conformance/store.ts';

storeConformance('sqlite', () => openSqliteStore(':memory:'));

describe('sqlite file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'store-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('keeps its facts over a restart', async () => {
    const file = path.join(folder, 'catalog.db');
    const first = await openSqliteStore(file);
    await first.cameras.insert(cameraRecord('front'));
    await first.close();
    const second = await openSqliteStore(file);
    expect(await second.cameras.get('front')).toEqual(cameraRecord('front'));
    await second.close();
  });

  it('refuses a file that is no database', async () => {
    const file = path.join(folder, 'garbage.db');
    await writeFile(file, Buffer.alloc(8192, 'garbage '));
    await expect(openSqliteStore(file)).rejects.toThrow('not a database');
  });

  it('answers what was asked before the close', async () => {
    const store = await openSqliteStore(':memory:');
    const inserted = store.cameras.insert(cameraRecord('front'));
    await store.close();
    expect(await inserted).toBe(true);
  });
});

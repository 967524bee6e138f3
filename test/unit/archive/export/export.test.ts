import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExportFolder } from '../../../../src/archive/export/folder.ts';
import { ExportMaker, type ExportOrder } from '../../../../src/archive/export/maker.ts';
import { ManifestSigner } from '../../../../src/archive/export/manifest.ts';
import { verifyExport } from '../../../../src/archive/export/verify.ts';
import { verify } from '../../../../src/cli/verify.ts';
import { errorCode } from '../../../../src/contracts/errors.ts';
import { type ArchiveNode, archiveNode, iso, readAll } from '../../../support/archive/archive-node.ts';
import { recordSegments } from '../../../support/archive/recorded.ts';

const T = Date.UTC(2026, 0, 5, 12);
const ID = '0b6a1f3e-58c4-4f0e-9d0a-6c2f1f8e7a10';
const GIB = 2 ** 30;
let node: ArchiveNode;
let folder: ExportFolder;
let maker: ExportMaker;
let signer: ManifestSigner;
let space = { totalBytes: 100 * GIB, freeBytes: 50 * GIB };

beforeEach(async () => {
  node = await archiveNode({ checkMs: 3_600_000 });
  space = { totalBytes: 100 * GIB, freeBytes: 50 * GIB };
  folder = new ExportFolder({
    path: path.join(node.folder, 'exports'),
    maxBytes: null,
    space: () => Promise.resolve(space),
  });
  signer = await ManifestSigner.open(node.folder);
  const { player, nodeId } = node.parts;
  maker = new ExportMaker({ player, folder, signer, nodeId, now: () => T });
  await recordSegments(node, 'door', T, 3);
  await recordSegments(node, 'yard', T + 10_000, 1);
});
afterEach(() => node.close());

const order = (change: Partial<ExportOrder> = {}): ExportOrder => ({
  ...{ id: ID, user: 'ann', cameras: ['door', 'yard', 'gone'] },
  ...{ from: iso(T + 5_000), to: iso(T + 25_000) },
  ...change,
});
const make = (change: Partial<ExportOrder> = {}, signal = new AbortController().signal) =>
  maker.make(order(change), { signal, progress: () => Promise.resolve() });
const file = () => path.join(node.folder, 'exports', `${ID}.zip`);
const codeOf = (promise: Promise<unknown>) => promise.then(() => undefined, errorCode);

describe('an export', () => {
  it('holds an MP4 for each camera that recorded, and a manifest that fits', async () => {
    const result = await make();
    expect(result).toEqual({
      ...{ bytes: (await stat(file())).size, node: 'n', signer: signer.fingerprint, missing: ['gone'] },
    });
    const { problems, manifest, signer: found } = await verifyExport(file());
    expect(problems).toEqual([]);
    expect(found).toBe(signer.fingerprint);
    expect(manifest).toMatchObject({ id: ID, node: 'n', user: 'ann', missing: ['gone'] });
    expect(manifest?.files.map(({ name }) => name)).toEqual([
      'door/door_2026-01-05T12-00-05Z.mp4',
      'yard/yard_2026-01-05T12-00-10Z.mp4',
    ]);
    const [door, yard] = manifest?.files ?? [];
    expect(door).toMatchObject({ camera: 'door', from: iso(T + 5_000), to: iso(T + 25_000) });
    expect(door?.segments.map(({ id }) => id)).toEqual(
      [0, 1, 2].map((n) => `door/main/${String(T + n * 10_000)}-e1-r0`),
    );
    expect(yard).toMatchObject({ from: iso(T + 10_000), to: iso(T + 20_000) });
    const { stream } = await node.parts.player.playbackMp4('yard', order().from, order().to);
    expect(yard?.bytes).toBe((await readAll(stream)).length);
  });

  it('is not made anew when its file is whole, and is when it is not', async () => {
    await writeFile(await folder.part(ID), 'what a crash left');
    const first = await make();
    const made = await stat(file());
    expect(await make()).toEqual(first);
    expect((await stat(file())).mtimeMs).toBe(made.mtimeMs);
    await expect(stat(`${file()}.part`)).rejects.toThrow('ENOENT');
  });

  it('says so when nothing was recorded', async () => {
    expect(await codeOf(make({ cameras: ['gone'] }))).toBe('no_recording');
    expect(await folder.ids()).toEqual([]);
  });

  it('stops when it is cancelled, and leaves nothing', async () => {
    const abort = new AbortController();
    const progress = (): Promise<void> => {
      abort.abort(new Error('cancelled'));
      return Promise.resolve();
    };
    await expect(maker.make(order(), { signal: abort.signal, progress })).rejects.toThrow('cancelled');
    expect(await folder.ids()).toEqual([]);
  });

  it('is refused when there is no room on the disk, or none for exports', async () => {
    space = { totalBytes: 100 * GIB, freeBytes: GIB / 2 };
    expect(await codeOf(make())).toBe('storage_full');
    space = { totalBytes: 1_000, freeBytes: 50 * GIB };
    await expect(make()).rejects.toThrow('exports.maxSize');
    expect(await folder.ids()).toEqual([]);
  });

  it('is read in parts, and gone when it was removed', async () => {
    await make();
    const whole = await readFile(file());
    const body = await folder.open(ID);
    expect(body).toMatchObject({ contentType: 'application/zip', bytes: whole.length });
    body?.stream.destroy();
    const part = body?.slice?.({ start: 10, end: 29 });
    expect(part && (await readAll(part))).toEqual(whole.subarray(10, 30));
    await folder.remove(ID);
    expect(await folder.open(ID)).toBeUndefined();
  });
});

describe('verifying', () => {
  it.each([
    ['a changed picture', 200, 'was changed'],
    ['a changed manifest', -600, 'the signature does not fit'],
  ])('finds %s', async (_, at, problem) => {
    await make();
    const data = await readFile(file());
    const place = at > 0 ? at : data.indexOf('"user": "ann"') + 9;
    data[place] = (data[place] ?? 0) ^ 1;
    await writeFile(file(), data);
    expect((await verifyExport(file())).problems.join()).toContain(problem);
  });

  it('finds what is no export', async () => {
    await writeFile(file().replace(`exports/${ID}`, 'other'), 'no zip');
    const { problems } = await verifyExport(file().replace(`exports/${ID}`, 'other'));
    expect(problems).toEqual(['this is no zip']);
  });

  it('keeps its key, readable by its owner only', async () => {
    expect((await ManifestSigner.open(node.folder)).fingerprint).toBe(signer.fingerprint);
    expect((await stat(path.join(node.folder, 'export-signing.pem'))).mode & 0o777).toBe(0o600);
  });

  it('by the command says who signed it, and refuses another key', async () => {
    await make();
    const lines: string[] = [];
    const write = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => Boolean(lines.push(String(text))));
    try {
      expect(await verify([file(), '--key', signer.fingerprint])).toBe(0);
      expect(lines.join('')).toContain('ok      door/door_2026');
      const other = new ManifestSigner(generateKeyPairSync('ed25519').privateKey);
      expect(await verify([file(), '--key', other.fingerprint])).toBe(1);
      expect(lines.at(-1)).toContain('another key');
      await expect(verify([])).rejects.toThrow('which file');
      await expect(verify([file(), '--key', 'short'])).rejects.toThrow('64 hexadecimal');
      await expect(verify([`${file()}x`])).rejects.toThrow('cannot be read');
    } finally {
      write.mockRestore();
    }
  });
});

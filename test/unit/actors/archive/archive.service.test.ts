import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArchiveService } from '../../../../src/actors/archive/archive.service.ts';
import { archive as contract } from '../../../../src/contracts/archive.ts';
import { catalog } from '../../../../src/contracts/catalog.ts';
import { type Client, client } from '../../../../src/contracts/define.ts';
import { Camera, type CameraDocument } from '../../../../src/contracts/entities.ts';
import { errorCode } from '../../../../src/contracts/errors.ts';
import { publish } from '../../../../src/contracts/events.ts';
import { type Caller, ROLE_RIGHTS } from '../../../../src/contracts/rights.ts';
import type { SegmentRecord } from '../../../../src/store/types.ts';
import { type ArchiveNode, archiveNode, iso } from '../../../support/archive/archive-node.ts';
import { cameraRecord } from '../../../support/conformance/records.ts';
import { until } from '../../../support/until.ts';

const HOUR = 3_600_000;
const T = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
let node: ArchiveNode;
let cameras: CameraDocument[];
let archive: Client<typeof contract>;

const camera = (id: string, change: Partial<CameraDocument> = {}): CameraDocument => {
  const { credentials, ...record } = cameraRecord(id);
  return { ...record, hasCredentials: credentials !== null, username: null, password: null, ...change };
};

beforeEach(async () => {
  node = await archiveNode({ checkMs: 3_600_000 });
  cameras = [camera('door'), camera('yard'), camera('off', { enabled: false })];
  const { broker } = node.parts;
  broker.createService({
    name: catalog.name,
    actions: { cameraDocuments: { handler: () => cameras } },
  });
  broker.createService(createArchiveService(node.parts));
  await broker.start();
  archive = client(broker, contract);
  await until('the account of what is wanted', async () => (await wanted()).length === 2);
});
afterEach(async () => {
  await node.parts.broker.stop();
  await node.close();
});

const wanted = () => node.parts.store.wanted.find({ open: true });
const save = (from: number, to: number, more: Partial<SegmentRecord> = {}) => {
  const name = `${String(from)}-e1-r0`;
  return node.parts.store.segments.save({
    id: `door/main/${name}`,
    ...{ camera: 'door', stream: 'main', replica: 0, epoch: 1, node: 'n', codecs: 'avc1.42c01e' },
    volume: node.parts.volumes.list()[0]?.id ?? '',
    path: `door/main/2026-01-01/${name}-main.mp4`,
    from,
    to,
    bytes: to - from,
    closed: true,
    ...more,
  });
};
const viewer: Caller = { user: 'v', role: 'viewer', rights: ROLE_RIGHTS.viewer, cameras: ['yard'] };

describe('the archive service', () => {
  it('keeps account of what is to be recorded, with every change of a camera', async () => {
    const { broker } = node.parts;
    expect((await wanted()).map((record) => record.camera).sort()).toEqual(['door', 'yard']);
    const yard = Camera.strip().parse(camera('yard', { enabled: false }));
    await publish(broker, 'camera.changed', {
      camera: 'yard',
      change: 'updated',
      version: 2,
      document: yard,
    });
    await until('the end for the yard', async () => (await wanted()).length === 1);
    cameras = cameras.filter(({ id }) => id !== 'door');
    await publish(broker, 'camera.changed', { camera: 'door', change: 'deleted', version: 2 });
    await until('the end for the door', async () => (await wanted()).length === 0);
    await publish(broker, 'camera.changed', {
      camera: 'yard',
      change: 'updated',
      version: 3,
      document: { ...yard, enabled: true },
    });
    await until('another beginning', async () => (await wanted()).length === 1);
    expect(await node.parts.store.wanted.find({ camera: 'yard' })).toHaveLength(2);
  });

  it('tells what was recorded, what is missing and why, and the share', async () => {
    const { store } = node.parts;
    const [record] = await node.parts.store.wanted.find({ camera: 'door' });
    if (record === undefined) throw new Error('not wanted');
    await store.wanted.save({ ...record, from: T });
    await save(T, T + 60_000);
    await save(T + 60_200, T + 120_000);
    await save(T + 180_000, T + 240_000, { epoch: 2 });
    await save(T + 240_000, T + 300_000, { volume: 'away' });
    await store.outages.save({
      ...{ id: 'o', camera: 'door', node: 'n', cause: 'camera_stalled' },
      from: T + 120_000,
      to: T + 170_000,
    });
    const answer = await archive.recordings({ camera: 'door', from: iso(T + 30_000), to: iso(T + 400_000) });
    expect(answer.intervals).toEqual([
      { from: iso(T + 30_000), to: iso(T + 120_000), node: 'n', replica: 0, bytes: 89_800, available: true },
      { from: iso(T + 180_000), to: iso(T + 240_000), node: 'n', replica: 0, bytes: 60_000, available: true },
      {
        from: iso(T + 240_000),
        to: iso(T + 300_000),
        node: 'n',
        replica: 0,
        bytes: 60_000,
        available: false,
      },
    ]);
    expect(answer.gaps).toEqual([
      { from: iso(T + 120_000), to: iso(T + 170_000), cause: 'camera_stalled' },
      { from: iso(T + 170_000), to: iso(T + 180_000), cause: 'unknown' },
      { from: iso(T + 300_000), to: iso(T + 400_000), cause: 'unknown' },
    ]);
    expect(answer.coverage).toBeCloseTo(210 / 370, 3);
  });

  it('tells the coverage by day, of the cameras of the caller only', async () => {
    const range = { from: iso(T), to: iso(T + 60_000) };
    const all = await archive.coverage(range);
    expect(all.items.map((item) => item.camera)).toEqual(['door', 'yard', 'off']);
    expect(all.items[2]).toMatchObject({ camera: 'off', coverage: null, recordedSeconds: 0, gapSeconds: 0 });
    const own = await archive.coverage(range, { caller: viewer });
    expect(own.items.map((item) => item.camera)).toEqual(['yard']);
    expect(own.items[0]?.day).toBe(iso(T).slice(0, 10));
  });

  it('does not let the first answer of a day stand when more comes', async () => {
    const { coverage, store } = node.parts;
    const [record] = await store.wanted.find({ camera: 'door' });
    if (record === undefined) throw new Error('not wanted');
    await store.wanted.save({ ...record, from: T, to: T + 120_000 });
    expect((await coverage.day('door', T)).coverage).toBe(0);
    await save(T, T + 60_000);
    expect((await coverage.day('door', T)).coverage).toBe(0);
    coverage.forget('door');
    expect((await coverage.day('door', T)).coverage).toBe(0.5);
    const now = Date.now();
    await store.wanted.save({ id: 'now', camera: 'yard', from: now - 60_000, to: null });
    await save(now - 60_000, now - 30_000, { camera: 'yard', id: 'y1' });
    const before = (await coverage.day('yard', now)).recordedMs;
    await save(now - 30_000, now - 10_000, { camera: 'yard', id: 'y2', closed: false });
    expect((await coverage.day('yard', now)).recordedMs).toBeGreaterThan(before + 15_000);
  });

  it('shows the volumes', async () => {
    const { items } = await archive.volumes({});
    expect(items).toMatchObject([{ node: 'n', state: 'ok', tier: 'hot' }]);
  });

  it.each([
    ['a camera that never was', { camera: 'nobody', from: iso(T), to: iso(T + 1) }, 'camera_not_found'],
    ['an empty range', { camera: 'door', from: iso(T), to: iso(T) }, 'bad_range'],
    ['a range too long', { camera: 'door', from: iso(T), to: iso(T + 32 * 24 * HOUR) }, 'bad_range'],
  ])('refuses %s', async (_, range, code) => {
    const error = await archive.recordings(range).catch((reason: unknown) => reason);
    expect(errorCode(error)).toBe(code);
  });
});

import { existsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecorderActor } from '../../../../src/actors/recorder/recorder.actor.ts';
import { recorder as contract } from '../../../../src/contracts/actors.ts';
import { actorClient } from '../../../../src/contracts/define.ts';
import { FragmentHub } from '../../../../src/media/fmp4/fragment-hub.ts';
import { publish } from '../../../../src/contracts/events.ts';
import type { CameraState } from '../../../../src/contracts/entities.ts';
import {
  type ArchiveNode,
  archiveNode,
  type ArchiveNodeOptions,
  FakeCamera,
  iso,
} from '../../../support/archive/archive-node.ts';
import { until } from '../../../support/until.ts';

const eventually = (look: () => boolean | Promise<boolean>) => until(String(look), look);

let node: ArchiveNode;
let gaps: { camera: string; from: string; to: string | null; cause: string }[];

async function setUp(options: ArchiveNodeOptions = {}) {
  node = await archiveNode(options);
  gaps = [];
  const { parts } = node;
  parts.broker.createService({
    name: 'listener',
    events: { 'recording.gap': (ctx: { params: (typeof gaps)[number] }) => void gaps.push(ctx.params) },
  });
  await parts.broker.start();
  return parts;
}

beforeEach(() => {
  gaps = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node.parts.broker.stop();
  await node.close();
});

async function startRecorder(segmentMs = 4_000) {
  const { parts } = node;
  const ready = Promise.withResolvers<unknown>();
  const schema = createRecorderActor(
    { ...parts, segmentMs },
    { camera: { id: 'door' }, replica: 0, epoch: 7 },
    (error) => {
      ready.resolve(error);
    },
  );
  const service = parts.broker.createService(schema);
  expect(await ready.promise).toBeUndefined();
  return { service, status: () => actorClient(parts.broker, contract, 'door.0').status({}) };
}

const rows = async () => {
  await node.parts.journal.drained();
  return node.parts.store.segments.find({ camera: 'door' });
};
const outages = async () => {
  await node.parts.journal.drained();
  return (await node.parts.store.outages.find({ camera: 'door' })).map(({ cause, from, to }) => ({
    cause,
    from,
    to,
  }));
};
const tell = (state: CameraState, time: number, code?: string) =>
  publish(node.parts.broker, 'camera.state', {
    camera: 'door',
    state,
    message: null,
    time: iso(time),
    node: 'n',
    epoch: 1,
    ...(code === undefined ? {} : { code }),
  });

async function fileHandlePrototype(file: string): Promise<FileHandle> {
  const handle = await open(file, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('the recorder actor', () => {
  it('writes segments, lists them from the moment they open, and closes the last one when it stops', async () => {
    const { hubs, broker, volumes } = await setUp();
    const zero = Date.now() - 60_000;
    const { service, status } = await startRecorder();
    const camera = new FakeCamera(hubs.ensure('door', 'main'), zero);
    camera.send(6.04);
    await eventually(async () => (await rows()).length === 2);
    const now = await status();
    expect(now).toMatchObject({ node: 'n', epoch: 7, state: 'recording', message: null, drops: 0 });
    expect(now.segment).toBe(`door/main/${String(zero + 4_000)}-e7-r0`);
    expect((await rows()).map(({ closed }) => closed)).toEqual([true, false]);
    camera.send(0.2);
    await broker.destroyService(service);
    const all = await rows();
    expect(all.map(({ from, to, closed, epoch }) => [from - zero, to - zero, closed, epoch])).toEqual([
      [0, 4_000, true, 7],
      [4_000, 6_240, true, 7],
    ]);
    for (const row of all) expect(statSync(volumes.resolve(row) ?? '').size).toBe(row.bytes);
    expect(await outages()).toEqual([]);
  });

  it('says for how long and why nothing came, by the states of the camera', async () => {
    const { hubs } = await setUp();
    const zero = Date.now() - 100_000;
    const { status } = await startRecorder();
    const camera = new FakeCamera(hubs.ensure('door', 'main'), zero);
    camera.send(10);
    await eventually(async () => {
      const { segment, lagMs } = await status();
      return segment === `door/main/${String(zero + 8_000)}-e7-r0` && lagMs === 0;
    });
    await tell('stalled', zero + 20_000);
    await tell('failed', zero + 25_000, 'connection_refused');
    camera.skip(20);
    camera.send(4);
    await eventually(async () => (await outages()).every(({ to }) => to !== null));
    expect(await outages()).toEqual([
      { cause: 'camera_stalled', from: zero + 10_000, to: zero + 25_000 },
      { cause: 'camera_unreachable', from: zero + 25_000, to: zero + 30_000 },
    ]);
    expect(gaps.map(({ cause, to }) => [cause, to === null])).toEqual([
      ['camera_stalled', true],
      ['camera_stalled', false],
      ['camera_unreachable', true],
      ['camera_unreachable', false],
    ]);
  });

  it('does not take the rest of a broken connection for the next one', async () => {
    const { hubs } = await setUp();
    const zero = Date.now() - 100_000;
    const { status } = await startRecorder();
    const hub = hubs.ensure('door', 'main');
    new FakeCamera(hub, zero).send(4.2);
    await eventually(async () => (await status()).segment !== null);
    // The last frames of the connection are in no fragment yet.
    await tell('stalled', zero + 4_300);
    hub.end();
    await eventually(async () => (await status()).lagMs === 0);
    await eventually(() => FragmentHub.of(hub).stats.fragments >= 9);
    new FakeCamera(hub, zero, 200).send(2);
    await eventually(async () => (await outages()).some(({ to }) => to !== null));
    expect(await outages()).toMatchObject([{ cause: 'camera_stalled', to: zero + 8_000 }]);
  });

  it('explains the time until the first picture', async () => {
    const parts = await setUp();
    const began = Date.now();
    await startRecorder();
    const camera = new FakeCamera(parts.hubs.ensure('door', 'main'), began + 3_000);
    camera.send(1);
    await eventually(async () => (await outages()).length === 1);
    const [outage] = await outages();
    expect(outage).toMatchObject({ cause: 'starting', from: parts.startedAt, to: began + 3_000 });
  });

  it('says that the disk is full, goes on when it is not, and explains the gap', async () => {
    let freeBytes = 4 * 2 ** 30;
    const space = () => Promise.resolve({ totalBytes: 2 ** 33, freeBytes });
    const { hubs, volumes, degraded } = await setUp({ space });
    const zero = Date.now() - 100_000;
    const { status } = await startRecorder();
    const camera = new FakeCamera(hubs.ensure('door', 'main'), zero);
    camera.send(2);
    await eventually(async () => (await rows()).length === 1);
    freeBytes = 1_000_000;
    await volumes.measure();
    camera.send(4);
    await eventually(async () => (await status()).state === 'storage_full');
    expect((await status()).message).toMatch(/No volume has room.*977 KiB are free/);
    freeBytes = 4 * 2 ** 30;
    await volumes.measure();
    await eventually(async () => {
      camera.send(2);
      return (await status()).state === 'recording';
    });
    const all = await rows();
    const [outage] = await outages();
    expect(outage?.cause).toBe('storage_full');
    expect(outage?.from).toBe(all[0]?.to);
    await eventually(async () => (await outages())[0]?.to === (await rows())[1]?.from);
    expect(degraded.size).toBe(0);
  });

  it('loses what a slow disk cannot take, counts it and says so; the camera is not held up', async () => {
    const { hubs } = await setUp();
    const zero = Date.now() - 200_000;
    const { status } = await startRecorder();
    const hub = hubs.ensure('door', 'main');
    const camera = new FakeCamera(hub, zero);
    camera.send(2);
    await eventually(async () => (await rows()).length === 1);
    const slow = Promise.withResolvers<undefined>();
    const prototype = await fileHandlePrototype(path.join(node.folder, 'catalog.db'));
    const writev = vi.spyOn(prototype, 'writev');
    writev.mockImplementationOnce(async function (this: FileHandle, buffers, position) {
      await slow.promise;
      writev.mockRestore();
      return this.writev(buffers, position);
    });
    // 40 s of 4 Mbps are more than the queue may hold.
    camera.send(40, 20_000);
    await eventually(async () => (await status()).state === 'storage_slow');
    expect(hub.stats.packets).toBe(42 * 25);
    slow.resolve(undefined);
    camera.send(4);
    await eventually(async () => (await status()).state === 'recording');
    expect((await status()).drops).toBeGreaterThan(0);
    await eventually(async () => (await outages()).some(({ to }) => to !== null));
    const [outage] = await outages();
    expect(outage?.cause).toBe('storage_slow');
    expect(outage?.to).toBe(zero + 42_000);
  });

  it('goes on when its hub is made anew, and when the journal refuses', async () => {
    const { hubs, journal, degraded, volumes } = await setUp();
    const zero = Date.now() - 100_000;
    const append = vi.spyOn(journal, 'append').mockRejectedValue(new Error('no disk'));
    const { service } = await startRecorder();
    new FakeCamera(hubs.ensure('door', 'main'), zero).send(5);
    await eventually(() => [...degraded.keys()].includes('index of door'));
    hubs.remove('door');
    await eventually(() => hubs.get('door', 'main') !== undefined);
    new FakeCamera(hubs.ensure('door', 'main'), zero, 500).send(3);
    const file = (start: number) => `door/main/${iso(start).slice(0, 10)}/${String(start)}-e7-r0-main.mp4`;
    const root = volumes.roots()[0]?.root ?? '';
    await eventually(() => existsSync(path.join(root, file(zero + 20_000))));
    append.mockRestore();
    await node.parts.broker.destroyService(service);
    expect((await rows()).map(({ from, closed }) => [from - zero, closed])).toEqual([
      [0, true],
      [4_000, true],
      [20_000, true],
    ]);
    expect(degraded.size).toBe(0);
  });
});

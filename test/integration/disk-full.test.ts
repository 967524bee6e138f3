import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRecorderActor } from '../../src/actors/recorder/recorder.actor.ts';
import { RetentionRunner } from '../../src/archive/retention-runner.ts';
import { recorder as contract } from '../../src/contracts/actors.ts';
import { actorClient } from '../../src/contracts/define.ts';
import { archiveNode, FakeCamera } from '../support/archive/archive-node.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const disk = mkdtempSync(path.join(tmpdir(), 'disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const freeBytes = async (): Promise<number> => {
  const { bavail, bsize } = await statfs(disk);
  return bavail * bsize;
};

describe.skipIf(!mounted)('a small disk (needs the right to mount one)', () => {
  it('keeps the newest; filled by others it says so while live goes on; then it records again', async () => {
    const node = await archiveNode({
      volumes: [path.join(disk, 'archive')],
      keepFree: 8 * MIB,
      checkMs: 100,
    });
    const { parts } = node;
    const { store, volumes, hubs, broker, journal } = parts;
    await broker.start();
    const retention = new RetentionRunner({
      ...parts,
      rules: () => Promise.resolve(new Map([['door', { continuousDays: 7, eventDays: 7 }]])),
      orphans: { continuousDays: 7, eventDays: 7 },
      now: () => Date.now(),
      periodMs: 200,
    });
    retention.start();
    broker.createService(
      createRecorderActor({ ...parts, segmentMs: 2_000 }, { camera: { id: 'door' }, replica: 0, epoch: 1 }),
    );
    const status = () => actorClient(broker, contract, 'door.0').status({});
    const hub = hubs.ensure('door', 'main');
    const zero = Date.now() - 3_600_000;
    const camera = new FakeCamera(hub, zero);
    let seconds = 0;
    /** Sends 2 s of 8 Mbps and waits until they are written, or lost. */
    const send = async (): Promise<void> => {
      camera.send(2, 40_000);
      seconds += 2;
      await until('the recorder to have caught up', async () => {
        const { lagMs, state } = await status();
        return state.startsWith('storage_') || (state === 'recording' && lagMs < 1_000);
      });
    };
    // 120 s of 1 MB/s go through a disk with room for some 40.
    for (let turn = 0; turn < 60; turn += 1) {
      await send();
      if ((await freeBytes()) < 8 * MIB) {
        await until('room', async () => (await freeBytes()) >= 8 * MIB);
      }
    }
    expect(await status()).toMatchObject({ state: 'recording', message: null });
    await journal.drained();
    const rows = await store.segments.find({ camera: 'door' });
    expect(rows[0]?.from).toBeGreaterThan(zero + 60_000);
    expect(rows.at(-1)?.to).toBeGreaterThan(zero + (seconds - 4) * 1_000);
    const outages = await store.outages.find({ camera: 'door' });
    expect(new Set(outages.map(({ cause }) => cause))).toEqual(new Set(['deleted']));

    // Others take whatever is freed, until there is nothing of ours left to remove.
    const hog = path.join(disk, 'hog');
    await until('the disk to be full', async () => {
      const grab = Math.max(0, (await freeBytes()) - MIB);
      await writeFile(hog, Buffer.alloc(grab), { flag: 'a' }).catch(() => undefined);
      await send();
      const left = await store.segments.find({ closed: true });
      return (
        left.length === 0 && volumes.list()[0]?.state === 'full' && (await status()).state === 'storage_full'
      );
    });
    expect(volumes.list()[0]?.message).toMatch(/free/);
    expect((await status()).message).toMatch(/full|free/);
    const packets = hub.stats.packets;
    camera.send(1);
    expect(hub.stats.packets).toBe(packets + 25);

    rmSync(hog);
    await until('recording to go on', async () => {
      await send();
      return (await status()).state === 'recording' && (await status()).lagMs < 1_000;
    });
    await broker.stop();
    await retention.stop();
    await journal.drained();
    const causes = (await store.outages.find({ camera: 'door' })).map(({ cause, to }) => [
      cause,
      to !== null,
    ]);
    expect(causes).toContainEqual(['storage_full', true]);
    expect(causes.every(([, ended]) => ended)).toBe(true);
    for (const row of await store.segments.find({ camera: 'door' })) {
      const index = await parts.player.indexes.read(volumes.resolve(row) ?? '');
      expect(index.bytes).toBe(row.bytes);
    }
    await node.close();
  });
});

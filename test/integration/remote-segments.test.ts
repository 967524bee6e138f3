import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCode } from '../../src/archive/files.ts';
import { ArchivePlayer } from '../../src/archive/player.ts';
import { RemoteSegments } from '../../src/archive/remote-segments.ts';
import { sharedSegments } from '../../src/archive/shared-segments.ts';
import { readFully } from '../../src/archive/box-walker.ts';
import { HubRegistry } from '../../src/media/hub/registry.ts';
import { LinkClient, type LinkTarget } from '../../src/media/link/client.ts';
import { LinkServer } from '../../src/media/link/server.ts';
import { recordOf } from '../../src/archive/segment-record.ts';
import { Fragmenter } from '../../src/media/fmp4/fragmenter.ts';
import { SegmentWriter } from '../../src/media/segment/segment-writer.ts';
import type { Fragment, SourcePacket } from '../../src/media/types.ts';
import {
  type ArchiveNode,
  archiveNode,
  frameData,
  iso,
  quiet,
  readAll,
} from '../support/archive/archive-node.ts';
import { identityOf } from '../support/link/link-node.ts';
import { stamped, videoFrame, videoTrack } from '../support/media/video-frames.ts';

const T = Date.UTC(2026, 2, 1, 10);

/** Twelve seconds in segments of four; the last one stays open when asked. */
async function record({ parts: { volumes, store } }: ArchiveNode, leaveOpen: boolean): Promise<void> {
  const writes: Promise<void>[] = [];
  const identity = { camera: 'door', stream: 'main', epoch: 1, replica: 0, node: 'far' } as const;
  const writer = new SegmentWriter({
    identity,
    sync: volumes.sync,
    maxMs: 4_000,
    place: (start) => volumes.place({ ...identity, start }),
    onRow: (row) => void writes.push(store.segments.save(recordOf(row))),
    onProblem: (problem) => {
      throw problem ?? new Error('no problem');
    },
  });
  const fragments: Fragment[] = [];
  const fragmenter = new Fragmenter({
    init: (init) => writer.init(init),
    fragment: (fragment) => void fragments.push(fragment),
  });
  fragmenter.header({ session: 1, generation: 1, tracks: [videoTrack] });
  for (let n = 0; n < 300; n += 1) {
    const packet: SourcePacket = videoFrame(n, { time: T + n * 40, data: frameData(n, 9_000) });
    fragmenter.packet(stamped(packet, n));
  }
  fragmenter.flush();
  for (const fragment of fragments) await writer.write([fragment]);
  if (!leaveOpen) await writer.close();
  await Promise.all(writes);
}

describe('segments of another node', () => {
  let far: ArchiveNode;
  let server: LinkServer;
  let client: LinkClient;
  let alive = true;
  let remote: RemoteSegments;
  let target: LinkTarget;

  beforeAll(async () => {
    far = await archiveNode();
    await record(far, true);
    const { volumes } = far.parts;
    server = await LinkServer.listen({
      identity: await identityOf('far'),
      hubs: new HubRegistry(),
      segmentFile: sharedSegments(volumes),
      log: quiet,
      host: '127.0.0.1',
      port: 0,
    });
    client = new LinkClient(await identityOf('near'));
    target = { node: 'far', host: '127.0.0.1', port: server.port };
    remote = new RemoteSegments({ client, target: () => (alive ? target : undefined) });
  });
  afterAll(async () => {
    client.close();
    await server.close();
    await far.close();
  });

  /** A player on a node that has the index, but none of the volumes. */
  const player = (): ArchivePlayer =>
    new ArchivePlayer({
      store: far.parts.store,
      volumes: { resolve: () => undefined },
      elsewhere: (row) => remote.pathOf(row.node, row),
      files: remote,
      clock: { now: () => T + 3_600_000 },
    });

  it('play as they do where they are', async () => {
    for (const [from, to] of [
      [0, 11_000],
      [3_500, 9_500],
    ] as const) {
      const there = await far.parts.player.playbackMp4('door', iso(T + from), iso(T + to));
      const here = await player().playbackMp4('door', iso(T + from), iso(T + to));
      expect(here.bytes).toBe(there.bytes);
      expect((await readAll(here.stream)).equals(await readAll(there.stream))).toBe(true);
    }
    const picture = await player().pictureAt('door', iso(T + 5_000));
    expect(picture).toEqual(await far.parts.player.pictureAt('door', iso(T + 5_000)));
    const list = await player().playbackHls('door', iso(T), iso(T + 11_000));
    expect(list).toBe(await far.parts.player.playbackHls('door', iso(T), iso(T + 11_000)));
  });

  it('are nothing to play while their node is not there', async () => {
    alive = false;
    await expect(player().playbackMp4('door', iso(T), iso(T + 9_000))).rejects.toMatchObject({
      type: 'no_recording',
    });
    alive = true;
  });

  it('give any range, and say by a code when they are gone', async () => {
    const [row] = await far.parts.store.segments.find({ camera: 'door' });
    if (row === undefined) throw new Error('nothing was recorded');
    const whole = readFileSync(far.parts.volumes.resolve(row) ?? '');
    const handle = await remote.open(remote.pathOf('far', row) ?? '');
    expect(await handle.size()).toBe(whole.length);
    for (const [position, length] of [
      [0, 16],
      [16_380, 8],
      [16_384, 16_384],
      [100_000, 300_000],
      [whole.length - 5, 100],
      [whole.length, 1],
    ] as const) {
      const part = await readFully(handle, position, length);
      expect(part.equals(whole.subarray(position, position + length))).toBe(true);
    }
    const gone = remote.open(`link://far/${row.volume}/${row.path.replace(/e\d+/, 'e99')}`);
    await expect(gone).rejects.toSatisfy((error) => hasCode(error, 'ENOENT'));
  });

  it('give nothing but segments, whatever the path', async () => {
    const [row] = await far.parts.store.segments.find({ camera: 'door' });
    const { id: volume = '', root = '' } = far.parts.volumes.roots()[0] ?? {};
    const secret = path.join(far.folder, 'secret.mp4');
    writeFileSync(secret, 'not for others');
    const day = path.join(root, 'door/main/2026-03-02');
    mkdirSync(day, { recursive: true });
    symlinkSync(secret, path.join(day, `${String(T + 86_400_000)}-e1-r0-main.mp4`));
    const paths = [
      '../secret.mp4',
      'door/main/../../../secret.mp4',
      '.sightmesh-volume',
      `door/main/2026-03-02/${String(T + 86_400_000)}-e1-r0-main.mp4`,
      `./${row?.path ?? ''}`,
      `${row?.path ?? ''}/..`,
      'door/main/2026-03-01',
    ];
    const codes = await Promise.all(
      paths.map((file) =>
        client.openRange(target, { volume, path: file }, { start: 0, end: 100 }).then(
          () => 'given',
          (error: unknown) => (error as { code?: string }).code,
        ),
      ),
    );
    expect(codes).toEqual(paths.map(() => 'not_found'));
    const fine = await client.openRange(target, { volume, path: row?.path ?? '' }, { start: 0, end: 100 });
    expect((await readAll(fine.stream)).length).toBe(100);
  });
});

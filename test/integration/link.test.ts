import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StreamRunner } from '../../src/actors/camera/stream-runner.ts';
import { HubRegistry } from '../../src/media/hub/registry.ts';
import { LinkClient, type LinkTarget } from '../../src/media/link/client.ts';
import { LinkFeeds } from '../../src/media/link/feeds.ts';
import type { LinkIdentity } from '../../src/media/link/identity.ts';
import { FrameReader } from '../../src/media/link/frame-reader.ts';
import { decodePacket, FRAME } from '../../src/media/link/frames.ts';
import { type Packet, SourceError } from '../../src/media/types.ts';
import { linkFrame } from '../support/link/link-frames.ts';
import { identityOf, LinkNode, LinkReader } from '../support/link/link-node.ts';
import { until } from '../support/until.ts';

const codeOf = (error: unknown): unknown => (error instanceof SourceError ? error.code : error);

describe('a link between two processes', () => {
  let identity: LinkIdentity;
  let far: LinkNode;
  const readers: LinkReader[] = [];
  const read = (camera?: string, who = identity, target = far.target): LinkReader => {
    const reader = new LinkReader(who, target, camera);
    readers.push(reader);
    return reader;
  };

  beforeAll(async () => {
    identity = await identityOf('near');
    far = await LinkNode.start(3);
  });
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()));
  });
  afterAll(() => far.stop());

  /** The number of the frame that a packet was made of. */
  const numberOf = (packet: { readonly time: number }): number => Math.round((packet.time - 10_000.125) / 40);

  it('brings every field and byte of each packet, the cached pictures first', async () => {
    await until('a second of frames in the far hub', async () => {
      const early = read();
      await until('a first packet', () => early.packets.length > 0);
      await early.close();
      return numberOf(early.packets[0] ?? { time: 0 }) % 50 === 0 && early.packets.length > 30;
    });
    const { headers, packets } = read();
    await until('three seconds of packets', () => packets.filter(({ kind }) => kind === 'video').length > 75);
    expect(headers).toHaveLength(1);
    expect(headers[0]?.tracks.map(({ kind, codecString }) => [kind, codecString])).toEqual([
      ['video', 'avc1.42c01e'],
      ['audio', 'pcma'],
    ]);
    expect(packets[0]).toMatchObject({ kind: 'video', key: true });
    const first = numberOf(packets[0] ?? { time: 0 });
    for (const kind of ['video', 'audio'] as const) {
      const got = packets.filter((packet) => packet.kind === kind).slice(0, 70);
      got.forEach(({ session, generation, seq, ...packet }, index) => {
        expect([session, generation, seq]).toEqual([1, 1, index]);
        expect(packet).toEqual(linkFrame(first + index, kind, kind === 'video' ? 4_000 : 160));
      });
    }
  });

  it('ends at the far side when it is closed here', async () => {
    const reader = read();
    await until('packets', () => reader.packets.length > 0);
    expect((await far.stats()).links).toBe(1);
    expect(await reader.close()).toBeUndefined();
    await until('no reader', async () => {
      const stats = await far.stats();
      return stats.links === 0 && stats.readers.length === 0;
    });
  });

  it('tells when the camera goes and comes back, as a new session', async () => {
    const reader = read();
    await until('packets', () => reader.packets.length > 0);
    far.tell({ kind: 'away' });
    await until('the hub to know', () => !reader.hub.live);
    expect(reader.hub.gop).toHaveLength(0);
    const before = reader.packets.length;
    far.tell({ kind: 'back' });
    await until('packets again', () => reader.packets.length > before && reader.hub.live);
    expect(reader.headers.map(({ session, generation }) => [session, generation])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(reader.packets[before]).toMatchObject({ session: 2, generation: 2, seq: 0, key: true });
  });

  it('drops for a slow reader only, with bounded memory, and goes on at a key frame', async () => {
    const slow = new LinkClient(identity);
    const { socket, head } = await slow.openHub(far.target, 'cam1', 'main');
    const alive = setInterval(() => socket.write(Buffer.from([0, 0, 0, 1, 4])), 500);
    try {
      const good = read('cam1');
      await until('packets', () => good.packets.length > 0);
      const before = (await far.stats()).rss;
      // 3 cameras × 100 KB × 200 a second = 60 MB/s, of which a third is for the reader that does not read.
      far.tell({ kind: 'pace', everyMs: 5, frameBytes: 100_000 });
      await until('drops', async () => (await far.stats()).readers.some(({ drops }) => drops > 200));
      const stats = await far.stats();
      const drops = stats.readers.map((reader) => reader.drops).sort((a, b) => a - b);
      expect(drops[0]).toBe(0);
      expect(stats.rss - before).toBeLessThan(200 * 2 ** 20);
      expect(Math.max(...stats.readers.map(({ queuedBytes }) => queuedBytes))).toBeLessThanOrEqual(
        8 * 2 ** 20,
      );
      expect(good.source.stats.lost).toBe(0);
      far.tell({ kind: 'pace', everyMs: 40, frameBytes: 4_000 });
      const video: Packet[] = [];
      const frames = new FrameReader((frame) => {
        const packet = frame[0] === FRAME.packet ? decodePacket(frame) : undefined;
        if (packet?.kind === 'video') video.push(packet);
      });
      frames.push(head);
      socket.on('data', (piece: Buffer) => frames.push(piece));
      const behindGap = await until('the packet behind the gap', () =>
        video.find(({ seq }, index) => index > 0 && seq !== (video[index - 1]?.seq ?? 0) + 1),
      );
      expect(behindGap).toMatchObject({ key: true, discontinuity: true });
    } finally {
      far.tell({ kind: 'pace', everyMs: 40, frameBytes: 4_000 });
      clearInterval(alive);
      socket.destroy();
      slow.close();
    }
  });

  it('lets go of a reader that is silent', async () => {
    const client = new LinkClient(identity);
    const { socket } = await client.openHub(far.target, 'cam0', 'main');
    socket.on('error', () => undefined).resume();
    const began = performance.now();
    await once(socket, 'close');
    expect(performance.now() - began).toBeLessThan(10_000);
    client.close();
  });

  describe('refuses', () => {
    it('a node of another cluster', async () => {
      const stranger = read('cam0', await identityOf('near', 'the secret of somebody else'));
      expect(codeOf(await stranger.ended)).toBe('unauthorized');
    });

    it('a server that is not the expected node', async () => {
      const reader = read('cam0', identity, { ...far.target, node: 'other' });
      expect(codeOf(await reader.ended)).toBe('unauthorized');
      expect(String(await reader.ended)).toContain('is far, not other');
    });

    it('a stream that is not there, and anything below HTTP', async () => {
      expect(codeOf(await read('nobody').ended)).toBe('not_found');
      expect(codeOf(await read('cam0', identity, { ...far.target, port: 1 }).ended)).toBe(
        'connection_refused',
      );
    });

    /** The status of a request with a ticket of one's own making. */
    async function ask(path: string, ticket: string | undefined, upgrade = true): Promise<number> {
      const asked = request({
        host: '127.0.0.1',
        port: far.target.port,
        path,
        agent: false,
        ...identity.tls,
        checkServerIdentity: () => undefined,
        headers: {
          ...(ticket === undefined ? {} : { authorization: `Bearer ${ticket}` }),
          ...(upgrade ? { connection: 'Upgrade', upgrade: 'sightmesh-link/1' } : {}),
        },
      });
      return new Promise((resolve, reject) => {
        asked.once('upgrade', (_response, socket) => {
          socket.destroy();
          resolve(101);
        });
        asked.once('response', (response) => resolve(response.resume().statusCode ?? 0));
        asked.once('error', reject);
        asked.end();
      });
    }

    it('a ticket that is missing, expired, of another camera, reader, server or key', async () => {
      const { tickets } = identity;
      const claims = { path: '/hub/cam0/main', reader: 'near', server: 'far' };
      expect(await ask(claims.path, await tickets.sign(claims))).toBe(101);
      expect(await ask(claims.path, undefined)).toBe(403);
      expect(await ask(claims.path, await tickets.sign(claims, -120_000))).toBe(401);
      const wrong = [{ path: '/hub/cam1/main' }, { reader: 'another' }, { server: 'another' }];
      for (const part of wrong) {
        expect(await ask(claims.path, await tickets.sign({ ...claims, ...part }))).toBe(403);
      }
      const stranger = await identityOf('near', 'the secret of somebody else');
      expect(await ask(claims.path, await stranger.tickets.sign(claims))).toBe(403);
      expect(await ask(claims.path, 'a.b.c')).toBe(403);
      const forFile = { ...claims, path: '/archive/v/../../etc/passwd' };
      expect(await ask(forFile.path, await tickets.sign(forFile), false)).toBe(404);
    });

    it('garbage on the port, and goes on serving', async () => {
      const before = (await far.stats()).refused;
      const garbage = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const socket: Socket = connect(far.target.port, '127.0.0.1');
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          socket.write(index % 2 === 0 ? 'GET /hub/cam0/main HTTP/1.1\r\n\r\n' : Buffer.alloc(3_000, index));
          return socket;
        }),
      );
      await until('refusals', async () => (await far.stats()).refused >= before + 20);
      for (const socket of garbage) socket.destroy();
      const reader = read();
      await until('packets', () => reader.packets.length > 0);
    });
  });

  it('gets along with a clock that is an hour behind or ahead', async () => {
    for (const ahead of [-3_600_000, 3_600_000]) {
      const late = await identityOf('near', undefined, () => Date.now() + ahead);
      const reader = read('cam0', late);
      await until('packets', () => reader.packets.length > 0);
    }
  });

  it('lasts for a thousand connections', async () => {
    await far.stats();
    for (let batch = 0; batch < 20; batch += 1) {
      const some = Array.from({ length: 50 }, () => read('cam2'));
      await until('packets for all', () => some.every(({ packets }) => packets.length > 0), {
        deadlineMs: 60_000,
      });
      await Promise.all(some.map((reader) => reader.close()));
      readers.splice(0);
    }
    await until('no reader', async () => (await far.stats()).links === 0);
  }, 120_000);
});

describe('a hub of this node that is fed by links', () => {
  it('follows its camera to another node, for all its readers', async () => {
    const nodes = [await LinkNode.start(1, 'one'), await LinkNode.start(1, 'two')] as const;
    let where: LinkTarget = nodes[0].target;
    const client = new LinkClient(await identityOf('near'));
    const feeds = new LinkFeeds({
      client,
      hubs: new HubRegistry(),
      locate: () => where,
      feed: (hub, makeSource) => {
        const runner = new StreamRunner({ hub, makeSource, onChange: () => undefined });
        runner.start();
        return runner;
      },
    });
    const holds = [feeds.hold('cam0', 'main'), feeds.hold('cam0', 'main')];
    try {
      const sessions = holds.map(({ hub }, index) => {
        const seen = new Set<number>();
        hub.read(
          { name: `reader ${index}` },
          {
            header: () => undefined,
            packets: (batch) => batch.forEach(({ session }) => seen.add(session)),
          },
        );
        return seen;
      });
      await until('packets', () => sessions.every(({ size }) => size === 1));
      expect((await nodes[0].stats()).links).toBe(1);
      nodes[0].signal('SIGKILL');
      where = nodes[1].target;
      feeds.relocate();
      await until('packets of the other node', () => sessions.every(({ size }) => size > 1));
      expect((await nodes[1].stats()).links).toBe(1);
      for (const hold of holds) hold.release();
      await until('no link', async () => (await nodes[1].stats()).links === 0);
    } finally {
      await feeds.close();
      client.close();
      for (const node of nodes) await node.stop();
    }
  });
});

describe('the other node goes away', () => {
  it.each([
    ['SIGKILL', ['closed_by_camera', 'unreachable']],
    ['SIGSTOP', ['stalled']],
  ] as const)('by %s: noticed within 3 s', async (signal, codes) => {
    const far = await LinkNode.start();
    const reader = new LinkReader(await identityOf('near'), far.target);
    try {
      await until('packets', () => reader.packets.length > 0);
      const began = performance.now();
      far.signal(signal);
      const error = await reader.ended;
      expect(codes).toContain(codeOf(error));
      expect(performance.now() - began).toBeLessThan(4_000);
      expect(reader.hub.live).toBe(false);
    } finally {
      await reader.close();
      await far.stop();
    }
  });
});

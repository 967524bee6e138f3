// What a link costs: packets of a camera from the hub of one process into the hub of another, over TLS.
//   npm run bench -- link [cameras=20] [seconds=10]
// Both ends' CPU per second of one camera (25 pictures and 50 pieces of sound a second), as kept in real time; and how
// much one link carries when it is pushed. The peer is a plain copy of the same bytes by node:net between two processes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Hub } from '../src/media/hub/hub.ts';
import { HubRegistry } from '../src/media/hub/registry.ts';
import { LinkClient } from '../src/media/link/client.ts';
import { encodePackets } from '../src/media/link/frames.ts';
import { openLinkIdentity } from '../src/media/link/identity.ts';
import { LinkServer } from '../src/media/link/server.ts';
import { LinkSource } from '../src/media/link/source.ts';
import { createSecrets } from '../src/store/secrets.ts';
import { quiet } from '../test/support/archive/archive-node.ts';
import { linkFrame, PCM_TRACK } from '../test/support/link/link-frames.ts';
import { tempFolder } from '../test/support/link/link-node.ts';
import { videoTrack } from '../test/support/media/video-frames.ts';
import { round } from './support/statistics.ts';

const FRAME_BYTES = 13_500;
const SOUND_BYTES = 160;
const WARM_MS = 2_000;
const [mode = '20', second = '10', third = '', fourth = ''] = process.argv.slice(2);

interface Usage {
  readonly cpuMs: number;
  readonly bytes: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Calls back 25 times a second for each camera, spread over the time between two frames as real cameras are. */
function pace(cameras: number, send: (camera: number, n: number) => void): void {
  const began = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 40) * cameras);
    for (; sent < due; sent += 1) send(sent % cameras, Math.floor(sent / cameras));
  }, 2);
}

const pictures = (n: number) => [
  linkFrame(n, 'video', FRAME_BYTES),
  linkFrame(n * 2, 'audio', SOUND_BYTES),
  linkFrame(n * 2 + 1, 'audio', SOUND_BYTES),
];

async function serveLinks(cameras: number, secret: string): Promise<number> {
  const folder = tempFolder();
  const identity = await openLinkIdentity({
    nodeId: 'far',
    folder: folder.path,
    secrets: createSecrets(secret),
  });
  folder.remove();
  const hubs = new HubRegistry();
  const options = { identity, hubs, segmentFile: () => undefined, log: quiet };
  const server = await LinkServer.listen({ ...options, host: '127.0.0.1', port: 0 });
  const sinks = Array.from({ length: cameras }, (_, index) => hubs.ensure(`cam${index}`, 'main').open());
  for (const sink of sinks) sink.header({ tracks: [videoTrack, PCM_TRACK] });
  pace(cameras, (camera, n) => {
    for (const packet of pictures(n)) sinks[camera]?.packet(packet);
  });
  return server.port;
}

async function serveCopy(cameras: number): Promise<number> {
  let next = 0;
  const sockets: { write(data: Buffer): boolean }[] = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    sockets[next] = socket;
    next += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  pace(cameras, (camera, n) => {
    const packets = pictures(n).map((packet, seq) => ({ ...packet, seq, session: 1, generation: 1 }));
    sockets[camera]?.write(encodePackets(packets));
  });
  return (server.address() as AddressInfo).port;
}

interface Reading {
  count(): number;
  close(): void;
}

async function readLinks(cameras: number, secret: string, port: number): Promise<Reading> {
  const folder = tempFolder();
  const identity = await openLinkIdentity({
    nodeId: 'near',
    folder: folder.path,
    secrets: createSecrets(secret),
  });
  folder.remove();
  const client = new LinkClient(identity);
  const target = { node: 'far', host: '127.0.0.1', port };
  const links = Array.from({ length: cameras }, (_, index) => {
    const hub = new Hub(`cam${index}/main`);
    const source = new LinkSource({ client, target, camera: `cam${index}`, stream: 'main' });
    void source.run(hub.open());
    return { hub, source };
  });
  return {
    count: () => links.reduce((sum, { hub }) => sum + hub.stats.bytes, 0),
    close: () => {
      for (const { source } of links) source.close();
    },
  };
}

async function readCopy(cameras: number, port: number): Promise<Reading> {
  let bytes = 0;
  const sockets: Socket[] = [];
  for (let index = 0; index < cameras; index += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (piece: Buffer) => (bytes += piece.length));
    await once(socket, 'connect');
    sockets.push(socket);
  }
  return {
    count: () => bytes,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Measured {
  readonly serveMs: number;
  readonly readMs: number;
  readonly megabits: number;
}

/** CPU milliseconds per camera-second at each end. */
async function measure(what: 'links' | 'copy', cameras: number, seconds: number): Promise<Measured> {
  const secret = 'the secret of the bench';
  const child = fork(process.argv[1] ?? '', ['serve', what, String(cameras), secret]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const reading = what === 'links' ? await readLinks(cameras, secret, port) : await readCopy(cameras, port);
  await new Promise((resolve) => setTimeout(resolve, WARM_MS));
  const usage = async (): Promise<Usage> => {
    const answer = once(child, 'message');
    child.send('usage');
    const [{ cpu }] = (await answer) as [{ cpu: number }];
    return { cpuMs: cpu, bytes: reading.count() };
  };
  const before = await usage();
  const ours = cpuMs();
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const read = cpuMs() - ours;
  const cameraSeconds = (cameras * (performance.now() - began)) / 1000;
  const after = await usage();
  reading.close();
  child.kill();
  return {
    serveMs: round((after.cpuMs - before.cpuMs) / cameraSeconds, 3),
    readMs: round(read / cameraSeconds, 3),
    megabits: round(((after.bytes - before.bytes) * 8) / cameraSeconds / 1e6, 2),
  };
}

if (mode === 'serve') {
  const cameras = Number(third);
  const port = second === 'links' ? await serveLinks(cameras, fourth) : await serveCopy(cameras);
  process.on('message', () => process.send?.({ cpu: cpuMs() }));
  process.once('disconnect', () => process.exit());
  process.send?.({ port });
} else {
  const cameras = Number(mode);
  const seconds = Number(second);
  const link = await measure('links', cameras, seconds);
  const copy = await measure('copy', cameras, seconds);
  const result = {
    bench: 'link',
    cameras,
    seconds,
    cpuMsPerCameraSecond: { ours: link, peer: copy },
    peer: 'the same bytes by node:net, without TLS, one write and nothing looked at',
    ratio: { serve: round(link.serveMs / copy.serveMs), read: round(link.readMs / copy.readMs) },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit();
}

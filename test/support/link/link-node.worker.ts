/**
 * A node that only serves links, for tests that stop and kill it: `link-node.worker.ts <folder> <node> <secret> <cameras>`.
 * Says `{port}` by the channel to its parent, then feeds its cameras in real time and does what it is told.
 */
import { HubRegistry } from '../../../src/media/hub/registry.ts';
import { openLinkIdentity } from '../../../src/media/link/identity.ts';
import { LinkServer } from '../../../src/media/link/server.ts';
import { createSecrets } from '../../../src/store/secrets.ts';
import { videoTrack } from '../media/video-frames.ts';
import { quiet } from '../archive/archive-node.ts';
import { type ChildOrder, linkFrame, PCM_TRACK } from './link-frames.ts';

const [folder = '', nodeId = '', secret = '', cameras = '1'] = process.argv.slice(2);
const identity = await openLinkIdentity({ nodeId, folder, secrets: createSecrets(secret) });
const hubs = new HubRegistry();
const server = await LinkServer.listen({
  identity,
  hubs,
  segmentFile: () => undefined,
  log: quiet,
  host: '127.0.0.1',
  port: 0,
});

let frameBytes = 4_000;
let next = 0;
const ids = Array.from({ length: Number(cameras) }, (_, index) => `cam${String(index)}`);
let sinks = ids.map((id) => hubs.ensure(id, 'main').open());
const begin = (): void => {
  for (const sink of sinks) sink.header({ tracks: [videoTrack, PCM_TRACK] });
};
begin();

function feed(): void {
  for (const sink of sinks) {
    sink.packet(linkFrame(next, 'video', frameBytes));
    sink.packet(linkFrame(next, 'audio', 160));
  }
  next += 1;
}
let timer: NodeJS.Timeout | undefined;
const run = (everyMs: number): void => {
  clearInterval(timer);
  timer = everyMs === 0 ? undefined : setInterval(feed, everyMs);
};
run(40);

process.on('message', (order: ChildOrder) => {
  if (order.kind === 'pace') {
    frameBytes = order.frameBytes;
    run(order.everyMs);
  } else if (order.kind === 'away') {
    run(0);
    for (const sink of sinks) sink.end();
  } else if (order.kind === 'back') {
    sinks = ids.map((id) => hubs.ensure(id, 'main').open());
    begin();
    next += 50 - (next % 50);
    run(40);
  } else {
    process.send?.({
      readers: hubs.all().flatMap((hub) => hub.readers),
      ...server.stats,
      rss: process.memoryUsage().rss,
      cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000,
    });
  }
});
process.once('disconnect', () => process.exit());
process.send?.({ port: server.port });

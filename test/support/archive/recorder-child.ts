/**
 * A node that only records, for tests that kill it: `recorder-child.ts <folder> <cameras> <segment ms>`. Puts the folder
 * in order, says `recovered <JSON>`, then feeds its cameras in real time and says `frame <ms since 1970>` after each.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRecorderActor } from '../../../src/actors/recorder/recorder.actor.ts';
import { recordNodeDown } from '../../../src/archive/downtime.ts';
import { recover } from '../../../src/archive/recover.ts';
import { WantedBook } from '../../../src/archive/wanted-book.ts';
import type { SourcePacket, Track } from '../../../src/media/types.ts';
import { makeClip } from '../media/clip.ts';
import { hasFfmpeg } from '../media/ffmpeg.ts';
import { videoFrame, videoTrack } from '../media/video-frames.ts';
import { archiveNode, frameData } from './archive-node.ts';

const FRAME_MS = 40;
const [folder = '', cameras = '1', segmentMs = '4000'] = process.argv.slice(2);
const say = (text: string): void => void writeSync(1, `${text}\n`);

/** Two seconds that repeat; real pictures where they can be made. */
function material(): { tracks: readonly Track[]; packets: readonly SourcePacket[] } {
  if (hasFfmpeg) return makeClip({ frames: 50, gop: 50, size: [640, 360] });
  const packets = Array.from({ length: 50 }, (_, n) => videoFrame(n, { data: frameData(n, 10_000) }));
  return { tracks: [videoTrack], packets };
}

const { tracks, packets } = material();
const { parts } = await archiveNode({ folder });
const { store, journal, broker, hubs, clock, startedAt } = parts;
await journal.drained();
const previous = await store.nodes.get('n');
await recordNodeDown(parts, previous);
const recovered = await recover(parts, { since: startedAt - 3_600_000, until: startedAt });
say(`recovered ${JSON.stringify(recovered)}`);
const ids = Array.from({ length: Number(cameras) }, (_, at) => `cam${String(at)}`);
await new WantedBook({ store, journal, now: () => clock.now() }).settle(
  ids.map((id) => ({
    id,
    enabled: true,
    record: { mode: 'continuous', preSeconds: 0, postSeconds: 0, replicas: 1 },
  })),
);
const beat = (): void => {
  const node = {
    id: 'n',
    host: 'h',
    incarnation: '1',
    startedAt,
    seenAt: Math.round(clock.now()),
    stoppedAt: null,
  };
  void store.nodes.save(node);
};
setInterval(beat, 500);
await broker.start();
const epoch = Math.floor(startedAt / 1000);
for (const id of ids) {
  broker.createService(
    createRecorderActor({ ...parts, segmentMs: Number(segmentMs) }, { camera: { id }, replica: 0, epoch }),
  );
}
const sinks = ids.map((id) => hubs.ensure(id, 'main').open());
for (const sink of sinks) sink.header({ tracks });
const zero = Date.now();
for (let n = 0; ; n += 1) {
  const packet = packets[n % packets.length];
  if (packet === undefined) break;
  const time = zero + n * FRAME_MS;
  await sleep(Math.max(0, time - Date.now()));
  const ticks = n * 3_600;
  for (const sink of sinks)
    sink.packet({ ...packet, time, pts: ticks, dts: ticks, data: Buffer.from(packet.data) });
  say(`frame ${String(time)}`);
}

/**
 * Stands in for the analysis worker: answers every packet with a change whose track is the packet's text, dies at
 * `poison`, hangs at `hang` and talks nonsense at `nonsense`.
 */
import { BlackBox } from '../../../src/inference/black-box.ts';
import type { StreamReport, ToWorker } from '../../../src/inference/analysis-protocol.ts';
import { serveWorker } from '../../../src/media/worker/child.ts';

const blackBox = new BlackBox(process.argv[2] ?? '');
const streams = new Map<number, StreamReport>();

const port = serveWorker((raw, payload) => {
  const message = raw as ToWorker;
  const report = streams.get(message.stream);
  if (message.type === 'open') {
    streams.set(message.stream, fresh(message.stream, message.life));
  } else if (message.type === 'close') {
    streams.delete(message.stream);
  } else if (message.type === 'reset' && report !== undefined) {
    streams.set(message.stream, { ...report, life: message.life });
  } else if (message.type === 'packet' && report !== undefined) {
    blackBox.set(message.stream);
    obey(payload.toString('utf8'), report, message.time);
    blackBox.set(0);
    streams.set(message.stream, { ...report, inferences: report.inferences + 1 });
  }
});

setInterval(() => {
  const beat = { type: 'beat', engine: 'fake', problem: null, inferenceMs: 5 };
  void port.send(beat, Buffer.from(JSON.stringify([...streams.values()])));
}, 50);

function obey(word: string, { stream, life }: StreamReport, time: number): void {
  if (word === 'poison') process.kill(process.pid, 'SIGSEGV');
  if (word === 'nonsense') void port.send({ type: 'change', stream: 'x' });
  while (word === 'poison' || word === 'hang');
  const event = {
    id: `event-${String(time)}-00`,
    track: word,
    label: 'person',
    score: 1,
    start: time,
    end: null,
    zones: [],
    box: [0, 0, 1, 1],
    bestTime: time,
    path: [],
    rested: false,
  };
  void port.send(
    { type: 'change', stream, life, change: { type: 'new', better: true, event } },
    Buffer.from(word),
  );
}

function fresh(stream: number, life: number): StreamReport {
  return {
    stream,
    life,
    fps: 5,
    motion: false,
    time: 0,
    tracks: [],
    inferences: 0,
    skipped: 0,
    dropped: 0,
    damaged: 0,
    latencyMs: 1,
    waiting: 0,
    problem: null,
  };
}

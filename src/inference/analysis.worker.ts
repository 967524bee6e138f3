/**
 * An analysis worker: a child process that decodes the pictures of many streams, seeks motion in them and shows those
 * that are worth it to an engine, one at a time. Pixels never leave it; events and JPEGs do. Argument: the black box.
 */
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { AV_LOG_QUIET } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { serveWorker } from '../media/worker/child.ts';
import { type AnalysisSettings, machineTime, type ToWorker } from './analysis-protocol.ts';
import { AnalysisLoop } from './analysis-loop.ts';
import { BlackBox } from './black-box.ts';
import { EngineLoader } from './engine-loader.ts';
import { createWasmEngine } from './engines/tfjs-wasm.ts';
import { DEFAULT_MODEL, openModel } from './models/manifest.ts';

const BEAT_MS = 1_000;

const [blackBoxPath] = process.argv.slice(2);
if (blackBoxPath === undefined) throw new Error('usage: analysis.worker.ts <black box>');

// After a good end nobody asks what it was working on; perhaps nobody is left to tidy up.
process.once('exit', (code) => {
  if (code === 0) rmSync(blackBoxPath, { force: true });
});

// Damaged pictures are counted, not described.
Log.setLevel(AV_LOG_QUIET);

const loader = new EngineLoader(async () => createWasmEngine(await openModel(DEFAULT_MODEL)), machineTime);
const loop = new AnalysisLoop({
  loader,
  blackBox: new BlackBox(blackBoxPath),
  now: machineTime,
  newEventId,
  onFound: (stream, life, { change, jpeg }) => {
    void port.send({ type: 'change', stream, life, change }, jpeg);
  },
});

const port = serveWorker((raw, payload) => {
  const message = raw as ToWorker;
  switch (message.type) {
    case 'open':
      loop.open(message.stream, message.life, JSON.parse(payload.toString('utf8')) as AnalysisSettings);
      return;
    case 'header':
      loop.header(message.stream, { ...message, parameterSets: Buffer.from(payload) });
      return;
    case 'packet':
      loop.packet(message.stream, { ...message, data: payload });
      return;
    case 'reset':
      loop.reset(message.stream, message.life);
      return;
    case 'close':
      loop.close(message.stream);
  }
});

setInterval(() => {
  const { engine, problem } = loader;
  const beat = {
    type: 'beat',
    engine: engine?.name ?? null,
    problem,
    inferenceMs: Math.round(loop.inferenceMs),
  };
  void port.send(beat, Buffer.from(JSON.stringify(loop.reports())));
}, BEAT_MS);

/** Sorts by time; unique without asking anybody. */
function newEventId(start: number): string {
  const time = Math.max(0, Math.trunc(start)).toString(36).padStart(9, '0');
  return `${time}-${randomInt(36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;
}

import { AV_LOG_FATAL } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { annexB, VideoDecoder } from '../av/decoder.ts';
import { JpegEncoder } from '../av/jpeg.ts';
import { serveWorker } from '../worker/child.ts';
import { decodeJob, type EncodedJob } from './job.ts';

/** Pictures on demand: `{type: 'make', id, at, height}` with a job → `{type: 'made', id, time, width, height}` with a JPEG. */

const MAX_OWN_HEIGHT = 1080;
Log.setLevel(AV_LOG_FATAL);
const encoder = new JpegEncoder();

function make(
  job: EncodedJob,
  at: number,
  height: number | undefined,
): { time: number; jpeg: ReturnType<JpegEncoder['encode']> } {
  const decoder = new VideoDecoder(job.codec, annexB(job.parameterSets));
  let best: ReturnType<typeof keep> | undefined;
  function keep(frame: Parameters<JpegEncoder['encode']>[0]): typeof frame {
    const kept = frame.clone();
    if (kept === null) throw new Error('no memory for a picture');
    return kept;
  }
  const look = (frames: Iterable<Parameters<JpegEncoder['encode']>[0]>): void => {
    for (const frame of frames) {
      if (best !== undefined && (frame.pts < best.pts || Number(frame.pts) / 1000 > at + 0.5)) continue;
      best?.free();
      best = keep(frame);
    }
  };
  try {
    for (const { data, time, key } of job.units) look(decoder.decode(data, time, key));
    look(decoder.flush());
    if (best === undefined) throw new Error('no picture could be decoded');
    const jpeg = encoder.encode(best, height ?? Math.min(best.height, MAX_OWN_HEIGHT));
    return { time: Number(best.pts) / 1000, jpeg };
  } finally {
    best?.free();
    decoder.close();
  }
}

serveWorker((message, payload, port) => {
  const { type, id } = message;
  if (type !== 'make') return;
  try {
    const at = typeof message['at'] === 'number' ? message['at'] : Number.POSITIVE_INFINITY;
    const wanted = typeof message['height'] === 'number' ? message['height'] : undefined;
    const { time, jpeg } = make(decodeJob(payload), at, wanted);
    const { width, height } = jpeg;
    void port.send({ type: 'made', id, time, width, height }, jpeg.data);
  } catch (error) {
    void port.send({ type: 'failed', id, message: String(error).slice(0, 500) });
  }
});

import { makeAacTrack, makeVideoTrack } from '../../codec/tracks.ts';
import { type Clock, MediaTimeline } from '../../timeline.ts';
import { type AudioTrack, type Source, SourceError, type SourceSink, type SourceStats } from '../../types.ts';
import type { SourceState } from '../base.ts';
import type { TestScene } from './address.ts';
import type { TestPool } from './pool.ts';
import type { TestAnswer } from './protocol.ts';

const VIDEO_RATE = 90_000;
const FRAME_SAMPLES = 1_024;
/** Room before the first packet, so that no time stamp is negative. */
const HEAD_START_MS = 2_000;
const SILENT_MS = 8_000;
/** Loading the encoder on a busy machine takes a while. */
const FIRST_PICTURE_MS = 20_000;

/** One stream of the test worker. Used once. */
export class TestSource implements Source {
  readonly stats: SourceStats = { bytes: 0, packets: 0, lost: 0, malformed: 0 };
  readonly #scene: TestScene;
  readonly #pool: TestPool;
  readonly #onState: (state: SourceState) => void;
  readonly #timeline: MediaTimeline;
  readonly #origin: number;
  #sink: SourceSink | undefined;
  #stream: { end(): void; kill(): void } | undefined;
  #settle: { resolve: () => void; reject: (error: SourceError) => void } | undefined;
  #watch: NodeJS.Timeout | undefined;
  #audio: AudioTrack | undefined;
  #lastPts = -1;
  #sound: { number: number; pts: number } | undefined;
  #done = false;

  constructor(
    scene: TestScene,
    pool: TestPool,
    clock: Clock,
    onState: (state: SourceState) => void = () => undefined,
  ) {
    this.#scene = scene;
    this.#pool = pool;
    this.#onState = onState;
    this.#origin = clock.now() - HEAD_START_MS;
    this.#timeline = new MediaTimeline(clock, VIDEO_RATE, this.#origin);
  }

  run(sink: SourceSink): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#done) {
        resolve();
        return;
      }
      this.#settle = { resolve, reject };
      this.#sink = sink;
      this.#onState('connecting');
      this.#stream = this.#pool.begin(this.#scene, {
        answer: (answer, payload) => {
          if (!this.#done) this.#take(answer, payload);
        },
        died: (output) => {
          const cause = new Error(output);
          this.#end(
            new SourceError('worker_failed', 'The process that draws the test picture ended.', { cause }),
          );
        },
      });
      this.#watchFor(FIRST_PICTURE_MS);
    });
  }

  close(): void {
    this.#end(undefined);
  }

  #watchFor(ms: number): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#stream?.kill();
      this.#end(new SourceError('worker_failed', 'The process that draws the test picture did not answer.'));
    }, ms);
  }

  #take(answer: TestAnswer, payload: Buffer): void {
    this.stats.bytes += payload.length;
    switch (answer.type) {
      case 'tracks':
        this.#header(answer);
        return;
      case 'video':
        this.#picture(answer.at, answer.key, payload);
        return;
      case 'audio':
        this.#sounds(answer.first, answer.sizes, payload);
        return;
      case 'failed':
        this.#end(new SourceError('worker_failed', 'The test picture cannot be drawn on this node.'));
    }
  }

  #header({ sps, pps, audio }: Extract<TestAnswer, { type: 'tracks' }>): void {
    const sets = { vps: [], sps: [Buffer.from(sps, 'base64')], pps: [Buffer.from(pps, 'base64')] };
    const video = makeVideoTrack('h264', sets, VIDEO_RATE);
    this.#audio = audio === null ? undefined : toneTrack(Buffer.from(audio, 'base64'));
    this.#onState('starting');
    this.#sink?.header({ tracks: this.#audio === undefined ? [video] : [video, this.#audio] });
  }

  #picture(at: number, key: boolean, data: Buffer): void {
    this.#watch?.refresh();
    const timeline = this.#timeline;
    if (!timeline.started) {
      this.#watchFor(SILENT_MS);
      this.#onState('live');
    }
    timeline.map(stamp(at));
    const pts = Math.max(timeline.ticks, this.#lastPts + 1);
    this.#lastPts = pts;
    const { time, discontinuity } = timeline;
    this.stats.packets += 1;
    this.#sink?.packet({ track: 0, kind: 'video', pts, dts: pts, time, discontinuity, key, data });
  }

  #sounds(first: number, sizes: readonly number[], payload: Buffer): void {
    const track = this.#audio;
    if (track === undefined || !this.#timeline.started) return;
    let at = 0;
    for (const [index, size] of sizes.entries()) {
      this.#frame(track, first + index, payload.subarray(at, at + size));
      at += size;
    }
  }

  /** Picture and sound have the same clock in the worker: the sound lies where the pictures' timeline puts it. */
  #frame(track: AudioTrack, number: number, data: Buffer): void {
    const frameMs = (FRAME_SAMPLES * 1000) / track.sampleRate;
    const time = this.#timeline.timeAt(stamp(number * frameMs));
    const follows = this.#sound !== undefined && number === this.#sound.number + 1;
    const wanted = Math.round(((time - this.#origin) * track.sampleRate) / 1000);
    const pts = follows
      ? (this.#sound?.pts ?? 0) + FRAME_SAMPLES
      : Math.max(wanted, (this.#sound?.pts ?? -1) + 1);
    if (pts < 0) return;
    const discontinuity = this.#sound !== undefined && !follows;
    this.#sound = { number, pts };
    this.stats.packets += 1;
    this.#sink?.packet({ track: 1, kind: 'audio', pts, dts: pts, time, discontinuity, key: true, data });
  }

  #end(error: SourceError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#watch);
    this.#stream?.end();
    if (error === undefined) this.#settle?.resolve();
    else this.#settle?.reject(error);
  }
}

function toneTrack(config: Buffer): AudioTrack {
  const { sampleRate } = makeAacTrack(config, 1);
  return makeAacTrack(config, sampleRate);
}

/** Milliseconds as RTP would carry them: 32 bits of 90 kHz that wrap. */
const stamp = (milliseconds: number): number => Math.round(milliseconds * 90) % 2 ** 32;

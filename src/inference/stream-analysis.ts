import type { Frame } from 'node-av/lib';
import { VideoDecoder } from '../media/av/decoder.ts';
import { JpegEncoder } from '../media/av/jpeg.ts';
import { aspectOf, Scaler } from '../media/av/scaler.ts';
import type { VideoCodec } from '../media/types.ts';
import type { Box } from '../contracts/entities.ts';
import type { AnalysisSettings, StreamReport } from './analysis-protocol.ts';
import { EventBuilder, type EventChange } from './event-builder.ts';
import { area, intersection } from './geometry.ts';
import { KeyFrameSaver } from './key-frame-saver.ts';
import { fromSquare, intoSquare, letterbox } from './letterbox.ts';
import { LookGate } from './look-gate.ts';
import { MotionDetector } from './motion.ts';
import { PacketQueue, type QueuedPacket } from './packet-queue.ts';
import { type TrackedObject, Tracker } from './tracker.ts';
import type { Detection, Engine } from './types.ts';

/** Width of the pictures in which motion is sought, pixels. */
const MOTION_WIDTH = 320;
/** A picture that waited longer than this is decoded, but not looked at, milliseconds. */
const STALE_MS = 2_500;
/** While a picture waits for the engine, decoding falls behind by this much before it goes on, milliseconds. */
const PATIENCE_MS = 400;
/** Height of snapshots, at most, pixels. */
const SNAPSHOT_HEIGHT = 1_080;
/** An object that is known may be seen this much worse than a new one must be. */
const FOLLOW_SHARE = 0.6;
const LEAST_SCORE = 0.2;
/** Pixels of a picture at most: what is larger could take the memory of everybody. */
const MAX_PIXELS = 8_192 * 4_608;
/** A thing stirs when this share of it, or half of a moving region, lies where it moved. */
const STIR_SHARE = 0.1;
/** The rate is that of so many reports: a stream of which only key frames are decoded has pictures now and then. */
const RATE_REPORTS = 5;
/** Grey around the picture, as the models that come with the program want it. */
const PADDING = 114;

export interface StreamFormat {
  readonly codec: VideoCodec;
  /** As a byte stream. */
  readonly parameterSets: Buffer;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly reorders: boolean;
}

export interface Found {
  readonly change: EventChange;
  /** Of the picture in which the change was seen, when it shows the object better than those before. */
  readonly jpeg: Buffer | undefined;
}

interface Candidate {
  readonly frame: Frame;
  readonly time: number;
  readonly sent: number;
  /** Where it moved. */
  readonly regions: readonly Box[];
}

/** The engine failed, not the picture. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
}

/**
 * Everything that is known of one stream in an analysis worker: packets become pictures, pictures motion, and where
 * there is motion or a moving object, the newest picture becomes a candidate for the engine. Native code: for worker
 * processes only.
 */
export class StreamAnalysis {
  readonly #settings: AnalysisSettings;
  readonly #newId: (start: number) => string;
  readonly #queue = new PacketQueue();
  readonly #gate: LookGate;
  readonly #motion: MotionDetector;
  readonly #luma = new Scaler('gray');
  readonly #rgb = new Scaler('rgb');
  readonly #jpeg = new JpegEncoder();
  #tracker: Tracker;
  #builder: EventBuilder;
  #decoder: VideoDecoder | undefined;
  #saver = new KeyFrameSaver(0, false);
  #candidate: Candidate | undefined;
  /** When the packet of a picture was sent, by the time of the picture. */
  readonly #sent = new Map<number, number>();
  #tracks: readonly TrackedObject[] = [];
  /** Tracks that moved since they were first seen: what was there all along is no event. */
  #stirred = new Set<string>();
  #regions: readonly Box[] = [];
  #time = 0;
  #counts = { looked: 0, inferences: 0, skipped: 0, damaged: 0, latencyMs: 0 };
  /** Pictures looked at and seconds, of the last reports. */
  #rates: { readonly looked: number; readonly seconds: number }[] = [];
  #reported = 0;
  /** When the engine last looked at this stream, by the machine's clock. */
  lookedAt = 0;

  /** @param newId makes the id of an event that begins at `start`, milliseconds since 1970 */
  constructor(settings: AnalysisSettings, newId: (start: number) => string) {
    this.#settings = settings;
    this.#newId = newId;
    this.#gate = new LookGate(settings.fps);
    this.#motion = new MotionDetector(settings);
    this.#tracker = newTracker();
    this.#builder = new EventBuilder(settings, newId);
  }

  /** @throws Error when there is no decoder for it; RangeError when its pictures are too large. */
  header(format: StreamFormat): void {
    this.#closeDecoder();
    this.#queue.begin();
    if (format.width * format.height > MAX_PIXELS) {
      throw new RangeError(
        `Pictures of ${String(format.width)} × ${String(format.height)} are too large to be analysed.`,
      );
    }
    this.#saver = new KeyFrameSaver(format.width * format.height * format.fps, format.reorders);
    this.#decoder = new VideoDecoder(format.codec, format.parameterSets);
  }

  push(packet: QueuedPacket): void {
    if (this.#decoder !== undefined) this.#queue.push(packet);
  }

  /** True when there is something to decode and no picture that should be looked at first. */
  ready(now: number): boolean {
    return this.#queue.length > 0 && !this.#patient(now);
  }

  /** When the picture that waits for the engine was sent; undefined when none waits. */
  get candidateSince(): number | undefined {
    return this.#candidate?.sent;
  }

  /** Decodes what waits until `until`, by the machine's clock, and says which events ended in the meantime. */
  decode(now: () => number, until: number): Found[] {
    const found: Found[] = [];
    while (now() < until && !this.#patient(now())) {
      const packet = this.#queue.shift(now());
      if (packet === undefined || this.#decoder === undefined) break;
      const verdict = this.#saver.take(packet);
      if (verdict === 'wake') this.#catchUp(now());
      if (verdict !== 'decode') continue;
      this.#sent.set(Math.round(packet.time * 1000), packet.sent);
      for (const frame of this.#decoder.decode(packet.data, packet.time, packet.key)) {
        found.push(...this.#picture(frame, now()));
      }
    }
    return found;
  }

  /** Shows the candidate to the engine. @throws EngineFailure; Error when the picture cannot be scaled. */
  async look(engine: Engine, now: () => number): Promise<Found[]> {
    const candidate = this.#candidate;
    if (candidate === undefined) return [];
    this.#candidate = undefined;
    this.lookedAt = now();
    const tracker = this.#tracker;
    try {
      const detections = await this.#detect(engine, candidate.frame);
      this.#counts.inferences += 1;
      this.#gate.looked(candidate.time, detections.length > 0);
      this.#counts.latencyMs = Math.max(this.#counts.latencyMs, now() - candidate.sent);
      // A reset or the end came in between.
      if (tracker !== this.#tracker) return [];
      this.#follow(tracker.update(detections, candidate.time), candidate.regions);
      return this.#changes(candidate.time, candidate.frame);
    } finally {
      candidate.frame.free();
    }
  }

  /** Forgets the objects without a word: whoever asked knows which events are open. */
  reset(): void {
    this.#dropCandidate();
    this.#tracker = newTracker();
    this.#builder = new EventBuilder(this.#settings, this.#newId);
    this.#tracks = [];
    this.#stirred.clear();
    this.#regions = [];
  }

  /** @param seconds since the report before */
  report(seconds: number): Omit<StreamReport, 'stream' | 'life' | 'problem'> {
    const { looked, inferences, skipped, damaged, latencyMs } = this.#counts;
    this.#rates = [...this.#rates.slice(1 - RATE_REPORTS), { looked: looked - this.#reported, seconds }];
    this.#reported = looked;
    this.#counts.latencyMs = 0;
    return {
      fps: this.#fps(),
      motion: this.#regions.length > 0,
      time: this.#time,
      tracks: this.#tracks
        .filter(({ confirmed }) => confirmed)
        .slice(0, 50)
        .map(({ id, label, score, box, lastSeen }) => ({ id, label, score, box, lastSeen })),
      inferences,
      skipped,
      dropped: this.#queue.dropped,
      damaged: damaged + (this.#decoder?.errors ?? 0),
      latencyMs: Math.round(latencyMs),
      waiting: this.#queue.length,
    };
  }

  close(): void {
    this.reset();
    this.#closeDecoder();
    this.#luma.close();
    this.#rgb.close();
    this.#jpeg.close();
  }

  #fps(): number {
    const pictures = this.#rates.reduce((sum, { looked }) => sum + looked, 0);
    const seconds = this.#rates.reduce((sum, rate) => sum + rate.seconds, 0);
    return Math.round((pictures * 10) / Math.max(0.1, seconds)) / 10;
  }

  #patient(now: number): boolean {
    return this.#candidate !== undefined && this.#queue.age(now) < PATIENCE_MS;
  }

  #picture(frame: Frame, now: number): Found[] {
    const key = Number(frame.pts);
    const time = key / 1000;
    const sent = this.#takeSent(key) ?? now;
    if (!this.#gate.due(time) || now - sent > STALE_MS) return [];
    this.#counts.looked += 1;
    this.#time = time;
    this.#regions = this.#seekMotion(frame, time);
    const moving = this.#regions.length > 0;
    const following = this.#tracks.some(({ resting }) => !resting);
    if (this.#gate.wanted(time, moving, following)) {
      this.#propose(frame, time, sent);
      if (this.#saver.active(time)) this.#catchUp(now);
      return [];
    }
    if (moving) return [];
    this.#dropCandidate();
    this.#follow(this.#tracker.idle(time), []);
    return this.#changes(time);
  }

  /** What was held back is decoded next, as if it came now. */
  #catchUp(now: number): void {
    this.#queue.unshift(this.#saver.release().map((packet) => ({ ...packet, sent: now })));
  }

  #follow(tracks: readonly TrackedObject[], regions: readonly Box[]): void {
    const stirs = ({ box }: TrackedObject): boolean =>
      regions.some((region) => {
        const shared = intersection(region, box);
        return shared > area(box) * STIR_SHARE || shared > area(region) / 2;
      });
    this.#tracks = tracks;
    this.#stirred = new Set(
      tracks.filter((track) => this.#stirred.has(track.id) || stirs(track)).map(({ id }) => id),
    );
  }

  #changes(time: number, frame?: Frame): Found[] {
    const moved = this.#tracks.filter(({ id }) => this.#stirred.has(id));
    return this.#builder.update(moved, time).map((change) => ({
      change,
      jpeg: change.better && frame !== undefined ? this.#snapshot(frame) : undefined,
    }));
  }

  /** Undefined when it cannot be encoded: an event without a picture is better than none. */
  #snapshot(frame: Frame): Buffer | undefined {
    try {
      return this.#jpeg.encode(frame, SNAPSHOT_HEIGHT).data;
    } catch {
      this.#counts.damaged += 1;
      return undefined;
    }
  }

  #seekMotion(frame: Frame, time: number): readonly Box[] {
    const height = Math.max(2, Math.round(MOTION_WIDTH / aspectOf(frame) / 2) * 2);
    return this.#motion.push(this.#luma.pixels(frame, MOTION_WIDTH, height), time).regions;
  }

  /** The newest picture takes the place of one that still waits. */
  #propose(frame: Frame, time: number, sent: number): void {
    const kept = frame.clone();
    if (kept === null) return;
    if (this.#candidate !== undefined) this.#counts.skipped += 1;
    this.#dropCandidate();
    this.#candidate = { frame: kept, time, sent, regions: this.#regions };
  }

  async #detect(engine: Engine, frame: Frame): Promise<Detection[]> {
    const { objects, minScore } = this.#settings;
    const fit = letterbox(aspectOf(frame), engine.inputSize);
    const picture = this.#rgb.pixels(frame, fit.width, fit.height);
    const square = intoSquare(picture, engine.inputSize, PADDING);
    const detections = await engine
      .detect(square, Math.max(LEAST_SCORE, minScore * FOLLOW_SHARE))
      .catch((error: unknown) => {
        throw new EngineFailure(error instanceof Error ? error.message : String(error), { cause: error });
      });
    return detections
      .filter(({ label }) => objects.length === 0 || objects.includes(label))
      .map((detection) => ({ ...detection, box: fromSquare(detection.box, fit) }));
  }

  #takeSent(key: number): number | undefined {
    const sent = this.#sent.get(key);
    this.#sent.delete(key);
    // Packets that never became pictures.
    if (this.#sent.size > 256) this.#sent.clear();
    return sent;
  }

  #dropCandidate(): void {
    this.#candidate?.frame.free();
    this.#candidate = undefined;
  }

  #closeDecoder(): void {
    this.#dropCandidate();
    this.#counts.damaged += this.#decoder?.errors ?? 0;
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#sent.clear();
  }
}

function newTracker(): Tracker {
  let count = 0;
  const life = Math.trunc(Math.random() * 36 ** 4).toString(36);
  return new Tracker(() => `${life}-${String((count += 1))}`);
}

import type { Box, Point } from '../contracts/entities.ts';
import { centre, clip, iou } from './geometry.ts';
import type { Detection } from './types.ts';

export interface TrackerOptions {
  /** Detections that a thing needs before it is believed. */
  readonly confirmAfter: number;
  /** Milliseconds without a detection after which a track is over. */
  readonly lostAfterMs: number;
  /** Share of overlap from which a detection may continue a track. */
  readonly minIou: number;
  /** Milliseconds without moving after which a thing rests. */
  readonly restsAfterMs: number;
}

const DEFAULTS: TrackerOptions = { confirmAfter: 2, lostAfterMs: 3_000, minIou: 0.2, restsAfterMs: 30_000 };

/** One object followed over time. */
export interface TrackedObject {
  readonly id: string;
  /** The label that most of its detections had, weighed by their scores. */
  readonly label: string;
  readonly box: Box;
  /** Of the newest detection. */
  readonly score: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Detections so far. */
  readonly hits: number;
  readonly confirmed: boolean;
  /** It has not moved for a while. */
  readonly resting: boolean;
  /** Seen in the newest picture, not only expected there. */
  readonly seen: boolean;
}

interface Track {
  readonly id: string;
  readonly votes: Map<string, number>;
  label: string;
  box: Box;
  score: number;
  /** Of the centre, picture widths and heights per millisecond. */
  velocity: Point;
  readonly firstSeen: number;
  lastSeen: number;
  hits: number;
  seen: boolean;
  /** Where it was when it last moved. */
  anchor: Box;
  movedAt: number;
}

/** Overlap with the anchor below which a thing has moved. */
const MOVED_IOU = 0.6;
const VELOCITY_WEIGHT = 0.4;
/** A thing may jump by this many of its own sizes in a second and still be the same when nothing else is near. */
const REACH_PER_SECOND = 2;

/**
 * Follows objects from picture to picture: each track expects its box by its velocity, pairs are taken greedily by
 * overlap, then by nearness for what moved faster than its own size. Pure: time comes in, tracks go out.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  readonly #newId: () => string;
  #tracks: Track[] = [];

  constructor(newId: () => string, options: Partial<TrackerOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#newId = newId;
  }

  /** Takes the detections of one picture. @param time milliseconds, not falling. */
  update(detections: readonly Detection[], time: number): TrackedObject[] {
    for (const track of this.#tracks) track.seen = false;
    const free = new Set(detections);
    const open = new Set(this.#tracks);
    for (const [track, detection] of this.#pairs(detections, time)) {
      if (!open.has(track) || !free.has(detection)) continue;
      open.delete(track);
      free.delete(detection);
      continueTrack(track, detection, time);
    }
    this.#expire(time);
    for (const detection of free) this.#tracks.push(this.#begin(detection, time));
    return this.tracks(time);
  }

  /** The picture was not looked at since nothing moved: what rested is still there, what moved may be gone. */
  idle(time: number): TrackedObject[] {
    for (const track of this.#tracks) track.seen = false;
    for (const track of this.#tracks) if (this.#rests(track, track.lastSeen)) track.lastSeen = time;
    this.#expire(time);
    return this.tracks(time);
  }

  tracks(time: number): TrackedObject[] {
    return this.#tracks.map((track) => ({
      id: track.id,
      label: track.label,
      box: clip(track.box),
      score: track.score,
      firstSeen: track.firstSeen,
      lastSeen: track.lastSeen,
      hits: track.hits,
      confirmed: track.hits >= this.#options.confirmAfter,
      resting: this.#rests(track, time),
      seen: track.seen,
    }));
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#tracks = [];
  }

  #rests(track: Track, time: number): boolean {
    return time - track.movedAt >= this.#options.restsAfterMs;
  }

  #expire(time: number): void {
    this.#tracks = this.#tracks.filter((track) => time - track.lastSeen < this.#options.lostAfterMs);
  }

  #pairs(detections: readonly Detection[], time: number): [Track, Detection][] {
    const scored: { track: Track; detection: Detection; fit: number }[] = [];
    for (const track of this.#tracks) {
      const expected = expectedBox(track, time);
      for (const detection of detections) {
        const fit = this.#fit(track, expected, detection, time);
        if (fit > 0) scored.push({ track, detection, fit });
      }
    }
    return scored.sort((a, b) => b.fit - a.fit).map(({ track, detection }) => [track, detection]);
  }

  /** Overlap counts 1 to 2, mere nearness 0 to 1; another label costs half. */
  #fit(track: Track, expected: Box, detection: Detection, time: number): number {
    const overlap = Math.max(iou(expected, detection.box), iou(track.box, detection.box));
    const weight = track.votes.has(detection.label) ? 1 : 0.5;
    if (overlap >= this.#options.minIou) return (1 + overlap) * weight;
    if (!track.votes.has(detection.label)) return 0;
    const [ax, ay] = centre(expected);
    const [bx, by] = centre(detection.box);
    const size = Math.max(track.box[2], track.box[3], 0.02);
    const seconds = Math.min(1, Math.max(0.1, (time - track.lastSeen) / 1000));
    const reach = size * REACH_PER_SECOND * seconds;
    const distance = Math.hypot(ax - bx, ay - by);
    return distance < reach && sameSize(track.box, detection.box) ? 1 - distance / reach : 0;
  }

  #begin(detection: Detection, time: number): Track {
    return {
      id: this.#newId(),
      votes: new Map([[detection.label, detection.score]]),
      label: detection.label,
      box: detection.box,
      score: detection.score,
      velocity: [0, 0],
      firstSeen: time,
      lastSeen: time,
      hits: 1,
      seen: true,
      anchor: detection.box,
      movedAt: time,
    };
  }
}

function expectedBox(track: Track, time: number): Box {
  const ahead = Math.min(1_000, time - track.lastSeen);
  const [x, y, width, height] = track.box;
  return [x + track.velocity[0] * ahead, y + track.velocity[1] * ahead, width, height];
}

function continueTrack(track: Track, detection: Detection, time: number): void {
  const elapsed = Math.max(1, time - track.lastSeen);
  const [ax, ay] = centre(track.box);
  const [bx, by] = centre(detection.box);
  const mix = (before: number, now: number): number => before * (1 - VELOCITY_WEIGHT) + now * VELOCITY_WEIGHT;
  track.velocity = [mix(track.velocity[0], (bx - ax) / elapsed), mix(track.velocity[1], (by - ay) / elapsed)];
  track.votes.set(detection.label, (track.votes.get(detection.label) ?? 0) + detection.score);
  track.label = mostVoted(track.votes);
  track.box = detection.box;
  track.score = detection.score;
  track.lastSeen = time;
  track.hits += 1;
  track.seen = true;
  if (iou(track.anchor, detection.box) < MOVED_IOU) {
    track.anchor = detection.box;
    track.movedAt = time;
  }
}

function mostVoted(votes: ReadonlyMap<string, number>): string {
  return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
}

function sameSize(a: Box, b: Box): boolean {
  const ratio = (a[2] * a[3]) / Math.max(1e-9, b[2] * b[3]);
  return ratio > 0.4 && ratio < 2.5;
}

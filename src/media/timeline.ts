/** A clock that never goes back. */
export interface Clock {
  /** Milliseconds since 1970, with fractions. */
  now(): number;
}

/** The most by which a clock is bent to follow another: 500 parts per million. */
const MAX_SLEW = 500e-6;

/**
 * The node's clock: it starts at the wall clock, runs with the monotonic one, and follows later changes of the wall
 * clock by at most 500 ppm, so that recordings neither overlap nor jump when somebody sets the time.
 */
export class NodeClock implements Clock {
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  #last: number;
  #value: number;
  #offset = 0;

  constructor(monotonic: () => number = () => performance.now(), wall: () => number = () => Date.now()) {
    this.#monotonic = monotonic;
    this.#wall = wall;
    this.#last = monotonic();
    this.#value = wall();
  }

  now(): number {
    const monotonic = this.#monotonic();
    const elapsed = monotonic - this.#last;
    this.#last = monotonic;
    this.#offset = this.#wall() - this.#value - elapsed;
    const most = elapsed * MAX_SLEW;
    this.#value += elapsed + Math.max(-most, Math.min(most, this.#offset));
    return this.#value;
  }

  /** Milliseconds by which the wall clock is ahead, as of the last `now()`. */
  get wallOffset(): number {
    return this.#offset;
  }
}

/** The clock of this process. */
export const nodeClock: Clock & { readonly wallOffset: number } = new NodeClock();

const STEP_MS = 2_000;
const BACK_MS = 1_000;
const FIRST_WINDOW_MS = 1_000;
const WINDOW_MS = 5_000;
/** While a source that begins with a burst of old pictures settles, its time may be bent this much. */
const SETTLE_SLEW = 0.05;
const SETTLE_MS = 60_000;

/**
 * Maps the media timestamps of one track to ticks that never wrap and to the node's time. It follows the arrivals:
 * the least delayed packets of each window count, since delay can only add. Timestamps that run away from the arrival
 * by more than 2 s, or go back by more than 1 s, are a step: ticks go on by the time that really passed.
 */
export class MediaTimeline {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #origin: number;
  #last = -1;
  #raw = 0;
  #highest = 0;
  /** Added to raw ticks. */
  #base = 0;
  /** Milliseconds added to the time that the ticks give. */
  #correction = 0;
  #slew = 0;
  #lastArrival = 0;
  #lastTime = 0;
  #begun = 0;
  #windowStart = 0;
  #windowMin = Number.POSITIVE_INFINITY;
  #late = false;
  /** Results of the last `map`. */
  ticks = 0;
  time = 0;
  /** The timestamps stepped, or nothing came for more than 2 s. */
  discontinuity = false;

  /**
   * @param rate ticks per second
   * @param origin the time of tick 0, milliseconds since 1970; the same for all tracks of a session, and some time
   *   before its first packet so that nothing becomes negative
   */
  constructor(clock: Clock, rate: number, origin: number) {
    this.#clock = clock;
    this.#rate = rate;
    this.#origin = origin;
  }

  /** @param timestamp as RTP carries it: 32 bits that wrap */
  map(timestamp: number): void {
    const arrival = this.#clock.now();
    if (this.#last === -1) {
      this.#begin(timestamp, arrival);
      return;
    }
    const delta = (timestamp - this.#last) | 0;
    const elapsed = arrival - this.#lastArrival;
    this.#last = timestamp;
    this.#lastArrival = arrival;
    this.#raw += delta;
    this.#correction += this.#slew * elapsed;
    this.ticks = this.#raw + this.#base;
    this.time = this.#timeOf(this.ticks);
    const error = arrival - this.time;
    const deltaMs = (delta * 1000) / this.#rate;
    const stepped = error < -STEP_MS || deltaMs < -BACK_MS || this.#late;
    if (stepped) this.#step(arrival);
    else this.#measure(error, arrival);
    this.discontinuity = stepped || deltaMs > STEP_MS;
    this.#highest = Math.max(this.#highest, this.ticks);
    this.#lastTime = Math.max(this.#lastTime, this.time);
  }

  /** The node's time of a timestamp near the last one, without changing anything. */
  timeAt(timestamp: number): number {
    return this.#timeOf(this.#raw + ((timestamp - this.#last) | 0) + this.#base);
  }

  get started(): boolean {
    return this.#last !== -1;
  }

  /** Moves what follows, because the true relation to another track is known now. */
  shift(milliseconds: number): void {
    this.#base += Math.round((milliseconds * this.#rate) / 1000);
  }

  #timeOf(ticks: number): number {
    return this.#origin + (ticks * 1000) / this.#rate + this.#correction;
  }

  #begin(timestamp: number, arrival: number): void {
    this.#last = timestamp;
    this.#lastArrival = arrival;
    this.#base = Math.max(0, Math.round(((arrival - this.#origin) * this.#rate) / 1000));
    this.ticks = this.#base;
    this.#highest = this.ticks;
    this.time = this.#timeOf(this.ticks);
    this.#lastTime = this.time;
    this.#begun = arrival;
    this.#windowStart = arrival;
  }

  #step(arrival: number): void {
    const passed = Math.max(0, arrival - this.#lastTime);
    this.ticks = this.#highest + Math.max(1, Math.round((passed * this.#rate) / 1000));
    this.#base = this.ticks - this.#raw;
    this.time = Math.max(arrival, this.#lastTime + 1);
    this.#correction += this.time - this.#timeOf(this.ticks);
    this.#slew = 0;
    this.#late = false;
    this.#begun = arrival;
    this.#windowStart = arrival;
    this.#windowMin = Number.POSITIVE_INFINITY;
  }

  #measure(error: number, arrival: number): void {
    // Without what was corrected meanwhile, or each window would correct once more what the one before did.
    this.#windowMin = Math.min(this.#windowMin, error + this.#correction);
    const length = this.#windowStart === this.#begun ? FIRST_WINDOW_MS : WINDOW_MS;
    if (arrival - this.#windowStart < length) return;
    const least = this.#windowMin - this.#correction;
    this.#late = least > STEP_MS;
    const ahead = least < -100 && arrival - this.#begun < SETTLE_MS;
    const most = ahead ? SETTLE_SLEW : MAX_SLEW;
    this.#slew = Math.max(-most, Math.min(most, least / WINDOW_MS));
    this.#windowStart = arrival;
    this.#windowMin = Number.POSITIVE_INFINITY;
  }
}

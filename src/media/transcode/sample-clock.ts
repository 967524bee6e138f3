/** When a sample is played: ticks of the outgoing rate, and milliseconds since 1970. */
export interface Moment {
  readonly pts: number;
  readonly time: number;
}

/** Arrival times and sample counts may differ by this much before the sound begins anew, milliseconds. */
const MAX_DRIFT_MS = 60;

/**
 * Times for samples that leave in frames of another length than they came in: an unbroken count from the first packet,
 * so that the distances are constant, begun anew where the sound was interrupted.
 */
export class SampleClock {
  readonly #inTimebase: number;
  readonly #outRate: number;
  /** Ticks of the outgoing rate at which the next incoming sample is expected. */
  #next: number | undefined;
  #anchor = { pts: 0, time: 0 };

  constructor(inTimebase: number, outRate: number) {
    this.#inTimebase = inTimebase;
    this.#outRate = outRate;
  }

  /**
   * Takes note of an incoming packet.
   *
   * @param pts ticks of the incoming timebase
   * @param samples that it holds, at the incoming rate of `rate` Hz
   * @returns where the outgoing count begins anew, in ticks; undefined when it goes on
   */
  arrive(
    packet: { pts: number; time: number; discontinuity: boolean },
    samples: number,
    rate: number,
  ): number | undefined {
    const pts = (packet.pts * this.#outRate) / this.#inTimebase;
    const lasts = (samples * this.#outRate) / rate;
    this.#anchor = { pts, time: packet.time };
    const drift = this.#next === undefined ? 0 : Math.abs(pts - this.#next);
    const broken =
      this.#next === undefined || packet.discontinuity || drift > (this.#outRate * MAX_DRIFT_MS) / 1000;
    this.#next = (broken ? pts : (this.#next ?? pts)) + lasts;
    return broken ? Math.round(pts) : undefined;
  }

  /** @param pts ticks of the outgoing rate */
  moment(pts: number): Moment {
    return { pts, time: this.#anchor.time + ((pts - this.#anchor.pts) * 1000) / this.#outRate };
  }
}

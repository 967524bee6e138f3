/**
 * Turns packet times into RTP times that go on over reconnections of the camera: ticks of the stream plus an offset
 * that is chosen so that sound and picture of one moment lie at the same time, and anew only after an interruption.
 */
export class RtpClock {
  readonly clockRate: number;
  #offset: number | undefined;
  #session = -1;

  constructor(clockRate: number) {
    this.clockRate = clockRate;
  }

  /** @returns ticks of the clock rate, not yet wrapped to 32 bits */
  timestamp(
    packet: { pts: number; time: number; session: number; discontinuity: boolean },
    timebase: number,
  ): number {
    const ticks = Math.round((packet.pts * this.clockRate) / timebase);
    const wall = Math.round((packet.time * this.clockRate) / 1000);
    const interrupted = packet.session !== this.#session || packet.discontinuity;
    this.#session = packet.session;
    const far = this.#offset === undefined || Math.abs(ticks + this.#offset - wall) > this.clockRate / 2;
    if (this.#offset === undefined || (interrupted && far)) this.#offset = wall - ticks;
    return ticks + this.#offset;
  }
}

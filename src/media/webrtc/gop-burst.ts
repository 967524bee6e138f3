/** One access unit, ready for RTP. */
export interface Frame {
  /** RTP ticks at 90 kHz, unwrapped. */
  readonly timestamp: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly key: boolean;
  readonly payloads: readonly Buffer[];
  readonly bytes: number;
}

export interface BurstFrame {
  readonly timestamp: number;
  readonly payloads: readonly Buffer[];
}

export interface BurstPlan {
  readonly frames: readonly BurstFrame[];
  /** The GOP was too large: nothing may follow before the next key frame. */
  readonly waitForKey: boolean;
}

/** Ticks between squeezed frames: 1 ms, so that the player decodes them at once and shows the newest. */
const STEP = 90;

/**
 * What a joining viewer gets first: the GOP so far with its times squeezed to end at the newest frame, or the key
 * frame alone when the GOP is larger than `maxBytes`.
 */
export function planBurst(gop: readonly Frame[], maxBytes: number): BurstPlan {
  const last = gop.at(-1);
  const first = gop[0];
  if (last === undefined || first === undefined) return { frames: [], waitForKey: true };
  const bytes = gop.reduce((sum, frame) => sum + frame.bytes, 0);
  if (bytes > maxBytes && gop.length > 1) {
    return { frames: [{ timestamp: first.timestamp, payloads: first.payloads }], waitForKey: true };
  }
  const frames = gop.map((frame, index) => ({
    timestamp: last.timestamp - (gop.length - 1 - index) * STEP,
    payloads: frame.payloads,
  }));
  return { frames, waitForKey: false };
}

export interface Pace {
  /** Packets of 1,200 bytes. */
  readonly packetsPerMs: number;
  /** Packets that go at once: receivers take some 100 into their buffer, and may be asleep meanwhile. */
  readonly most: number;
}

/** Some 100 Mbps, for viewers in the same network. */
export const PACE_NEAR: Pace = { packetsPerMs: 10, most: 50 };
/** Some 20 Mbps for everybody else. */
export const PACE_FAR: Pace = { packetsPerMs: 2, most: 20 };

const TICK_MS = 2;

type SendPacket = (timestamp: number, payload: Buffer, marker: boolean) => void;
interface Queued {
  readonly timestamp: number;
  readonly payload: Buffer;
  readonly marker: boolean;
}

/** Sends frames in order at a bounded speed. When more waits than `maxPackets`, new frames are refused. */
export class PacedSender {
  readonly #send: SendPacket;
  readonly #pace: Pace;
  readonly #maxPackets: number;
  #queue: Queued[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Packets that may go, as of the time beside it. */
  #allowance: number;
  #at = performance.now();
  #closed = false;

  constructor(send: SendPacket, pace: Pace, maxPackets = 20_000) {
    this.#send = send;
    this.#pace = pace;
    this.#allowance = pace.most;
    this.#maxPackets = maxPackets;
  }

  /** False when the frame was refused: the next one accepted should be a key frame. */
  push(frame: BurstFrame): boolean {
    if (this.#closed || this.#queue.length + frame.payloads.length > this.#maxPackets) return false;
    const { timestamp, payloads } = frame;
    for (const [index, payload] of payloads.entries()) {
      this.#queue.push({ timestamp, payload, marker: index === payloads.length - 1 });
    }
    if (this.#timer === undefined) this.#run();
    return true;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Idempotent; what waits is dropped. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #run(): void {
    this.#timer = undefined;
    const { packetsPerMs, most } = this.#pace;
    const now = performance.now();
    this.#allowance = Math.min(most, this.#allowance + (now - this.#at) * packetsPerMs);
    this.#at = now;
    const count = Math.floor(this.#allowance);
    const packets = this.#queue.splice(0, count);
    this.#allowance -= packets.length;
    for (const { timestamp, payload, marker } of packets) this.#send(timestamp, payload, marker);
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#run(), TICK_MS);
  }
}

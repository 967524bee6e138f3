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
  /** Packets that go at once. */
  readonly packets: number;
  /** Milliseconds between two such groups; 0 yields to other work only. */
  readonly everyMs: number;
}

/** For viewers in the same network: as fast as the machine can, without holding the event loop. */
export const PACE_NEAR: Pace = { packets: 128, everyMs: 0 };
/** Some 20 Mbps for everybody else. */
export const PACE_FAR: Pace = { packets: 20, everyMs: 10 };

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
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #closed = false;

  constructor(send: SendPacket, pace: Pace, maxPackets = 20_000) {
    this.#send = send;
    this.#pace = pace;
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
    this.#queue = [];
  }

  #run(): void {
    this.#timer = undefined;
    for (const { timestamp, payload, marker } of this.#queue.splice(0, this.#pace.packets)) {
      this.#send(timestamp, payload, marker);
    }
    if (this.#queue.length === 0) return;
    const next = (): void => this.#run();
    this.#timer = this.#pace.everyMs === 0 ? setImmediate(next) : setTimeout(next, this.#pace.everyMs);
  }
}

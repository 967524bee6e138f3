import type { WorkerPort } from '../../worker/child.ts';
import type { TestScene } from './address.ts';
import { Dice } from './dice.ts';
import { PictureEncoder } from './encoder.ts';
import type { TestAnswer } from './protocol.ts';
import { SceneDrawing } from './scene.ts';
import { makeTone, type Tone, TONE_FRAME_MS } from './tone.ts';

const PITCHES = [220, 262, 294, 330, 392, 440];

/** Makes one stream inside the worker: a picture at each tick and the sound that is due. */
export class StreamMaker {
  readonly #stream: number;
  readonly #port: WorkerPort;
  readonly #drawing: SceneDrawing;
  #encoder: PictureEncoder | undefined;
  #tone: Tone | undefined;
  readonly #interval: number;
  #timer: NodeJS.Timeout | undefined;
  /** Of the picture that is due next. */
  #number = 0;
  #nextSound = 0;
  #announced = false;
  /** The parent is behind: pictures are left out until it has caught up. */
  #blocked = false;
  #closed = false;

  constructor(request: TestScene & { readonly stream: number }, port: WorkerPort) {
    this.#stream = request.stream;
    this.#port = port;
    this.#drawing = new SceneDrawing(request);
    this.#interval = 1000 / request.fps;
    this.#open(request).catch((error: unknown) => {
      this.close();
      this.#send({ type: 'failed', stream: this.#stream, message: String(error) });
    });
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#encoder?.close();
    this.#encoder = undefined;
  }

  async #open(request: TestScene): Promise<void> {
    const encoder = await PictureEncoder.open(request);
    if (this.#closed) {
      encoder.close();
      return;
    }
    this.#encoder = encoder;
    if (request.audio) this.#tone = makeTone(new Dice(request.name).pick(PITCHES));
    this.#nextSound = Math.floor(monotonic() / TONE_FRAME_MS);
    this.#schedule();
  }

  /** The next point of the grid on which all streams of this rate lie. */
  #schedule(): void {
    const now = monotonic();
    // A timer may come a little early: never the same point again.
    this.#number = Math.max(this.#number, Math.floor(now / this.#interval)) + 1;
    const due = this.#number * this.#interval;
    this.#timer = setTimeout(() => {
      this.#schedule();
      this.#tick();
    }, due - now);
  }

  #tick(): void {
    try {
      if (this.#encoder !== undefined && !this.#blocked) this.#picture(this.#encoder, monotonic());
      this.#sound(monotonic());
    } catch (error) {
      this.close();
      this.#send({ type: 'failed', stream: this.#stream, message: String(error) });
    }
  }

  #picture(encoder: PictureEncoder, at: number): void {
    this.#drawing.draw(Date.now());
    const { data, key } = encoder.encode(this.#drawing.picture);
    this.#announce(encoder);
    this.#send({ type: 'video', stream: this.#stream, at, key }, data);
  }

  #announce(encoder: PictureEncoder): void {
    const sets = encoder.parameterSets;
    if (this.#announced || sets === undefined) return;
    this.#announced = true;
    this.#send({
      type: 'tracks',
      stream: this.#stream,
      sps: sets.sps.toString('base64'),
      pps: sets.pps.toString('base64'),
      audio: this.#tone?.config.toString('base64') ?? null,
    });
  }

  #sound(now: number): void {
    const end = Math.floor(now / TONE_FRAME_MS);
    const frames: Buffer[] = [];
    const first = Math.max(this.#nextSound, end - 64);
    for (let index = first; index < end && this.#tone !== undefined; index += 1) {
      frames.push(this.#tone.frame(index));
    }
    this.#nextSound = end;
    if (frames.length === 0 || this.#blocked) return;
    const sizes = frames.map((frame) => frame.length);
    this.#send({ type: 'audio', stream: this.#stream, first, sizes }, Buffer.concat(frames));
  }

  #send(answer: TestAnswer, payload?: Buffer): void {
    const pending = this.#port.send({ ...answer }, payload);
    if (pending === undefined) return;
    this.#blocked = true;
    void pending.then(() => {
      this.#blocked = false;
    });
  }
}

const monotonic = (): number => performance.timeOrigin + performance.now();

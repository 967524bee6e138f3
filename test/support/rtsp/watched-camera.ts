import type { CameraView } from '../../../src/actors/camera/camera.state.ts';
import { StreamRunner } from '../../../src/actors/camera/stream-runner.ts';
import { Hub } from '../../../src/media/hub/hub.ts';
import { Sources } from '../../../src/media/source/index.ts';
import {
  type Packet,
  type Source,
  SourceError,
  type StreamHeader,
  type VideoCodec,
} from '../../../src/media/types.ts';
import { until } from '../until.ts';
import { pictureNumber } from './fake-video.ts';

export interface WatchedOptions {
  readonly username?: string;
  readonly password?: string;
  readonly codec?: VideoCodec;
}

/** One stream of a camera with its runner and hub, and a reader that checks every picture of a `FakeVideo`. */
export class WatchedCamera {
  readonly hub = new Hub('test/main');
  readonly views: CameraView[] = [];
  /** What each connection ended with. */
  readonly ends: SourceError[] = [];
  readonly headers: StreamHeader[] = [];
  readonly packets: Packet[] = [];
  /** Numbers of the pictures, and where one was damaged −1. */
  readonly numbers: number[] = [];
  readonly runner: StreamRunner;
  /** The newest. */
  source: Source | undefined;
  readonly #sources = new Sources();

  constructor(url: string, { username, password, codec }: WatchedOptions = {}) {
    this.runner = new StreamRunner({
      hub: this.hub,
      makeSource: () =>
        (this.source = this.#sources.make({ url, username: username ?? null, password: password ?? null })),
      onChange: (view) => this.views.push(view),
      onEnd: (error) => {
        if (!(error instanceof SourceError)) throw new Error('ended without a cause', { cause: error });
        this.ends.push(error);
      },
    });
    this.hub.read(
      { name: 'test' },
      {
        header: (header) => void this.headers.push(header),
        packets: (batch) => {
          for (const packet of batch) this.#take(packet, codec);
        },
      },
    );
    this.runner.start();
  }

  get view(): CameraView {
    return this.runner.view;
  }

  get video(): Packet[] {
    return this.packets.filter((packet) => packet.kind === 'video');
  }

  /** Pictures that are missing between the first and the last, without regard to new connections. */
  get missing(): number {
    let missing = 0;
    for (const [index, number] of this.numbers.entries()) {
      const before = this.numbers[index - 1];
      if (before !== undefined && number > before) missing += number - before - 1;
    }
    return missing;
  }

  state(state: CameraView['state'], deadlineMs = 20_000): Promise<CameraView> {
    return until(`state ${state}`, () => this.view.state === state && this.view, { deadlineMs });
  }

  /** Waits for so many pictures more. */
  async pictures(count: number, deadlineMs = 20_000): Promise<void> {
    const target = this.numbers.length + count;
    await until(`${String(count)} more pictures`, () => this.numbers.length >= target, { deadlineMs });
  }

  async stop(): Promise<void> {
    await this.runner.stop();
    this.hub.close();
    this.#sources.close();
  }

  #take(packet: Packet, codec: VideoCodec | undefined): void {
    this.packets.push(packet);
    if (packet.kind !== 'video') return;
    try {
      this.numbers.push(pictureNumber(packet.data, codec));
    } catch {
      this.numbers.push(-1);
    }
  }
}

import { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { MediaBackend, MediaBody } from '../../../src/actors/gateway/types.ts';
import { SightmeshError } from '../../../src/contracts/errors.ts';

export const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
/** What a whole playback holds. */
export const MP4 = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));

/** Media that a test can follow: what was asked for, and what became of it. */
export class FakeMedia implements MediaBackend {
  readonly asked: string[] = [];
  readonly sockets: WebSocket[] = [];
  /** Streams that were handed out. */
  readonly streams: Readable[] = [];
  /** When set, playback waits for it. */
  hold: Promise<void> | undefined;
  /** Playback that never ends, of a length that nobody knows, or that is said to be a terabyte. */
  endless: false | 'unknown' | 'terabyte' = false;

  snapshot(camera: string): Promise<{ jpeg: Buffer; time: string | null }> {
    this.asked.push(`snapshot ${camera}`);
    return Promise.resolve({ jpeg: JPEG, time: null });
  }

  async playbackMp4(camera: string): Promise<MediaBody> {
    this.asked.push(`playback ${camera}`);
    await this.hold;
    const contentType = 'video/mp4';
    if (this.endless === false)
      return {
        stream: this.#keep(Readable.from([MP4.subarray(0, 60_000), MP4.subarray(60_000)])),
        contentType,
        bytes: MP4.length,
      };
    const stream = this.#keep(Readable.from(chunks()));
    return this.endless === 'terabyte' ? { stream, contentType, bytes: 1e12 } : { stream, contentType };
  }

  playbackHls(camera: string): Promise<string> {
    this.asked.push(`hls ${camera}`);
    return Promise.resolve('#EXTM3U\n');
  }

  hlsInit(camera: string): Promise<Buffer> {
    this.asked.push(`init ${camera}`);
    return Promise.resolve(MP4.subarray(0, 10));
  }

  hlsMedia(camera: string): Promise<MediaBody> {
    this.asked.push(`segment ${camera}`);
    return Promise.resolve({ stream: this.#keep(Readable.from([MP4])), contentType: 'video/mp4' });
  }

  eventSnapshot({ camera }: { camera: string }): Promise<Buffer> {
    this.asked.push(`event ${camera}`);
    return Promise.resolve(JPEG);
  }

  exportFile({ cameras }: { cameras: readonly string[] }): Promise<MediaBody> {
    this.asked.push(`export ${cameras.join()}`);
    return Promise.resolve({ stream: this.#keep(Readable.from([MP4])), contentType: 'application/zip' });
  }

  mse(camera: string, stream: string, socket: WebSocket): Promise<void> {
    if (camera === 'vault' && stream === 'sub') return Promise.reject(new SightmeshError('camera_offline'));
    this.asked.push(`mse ${camera}`);
    this.sockets.push(socket);
    socket.send(`${camera} ${stream}`);
    return Promise.resolve();
  }

  #keep(stream: Readable): Readable {
    this.streams.push(stream);
    return stream;
  }
}

async function* chunks(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(65_536);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

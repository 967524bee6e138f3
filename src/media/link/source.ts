import type { Duplex } from 'node:stream';
import { type Packet, type Source, SourceError, type SourceSink, type SourceStats } from '../types.ts';
import { failure, type LinkChannel, type LinkClient, type LinkTarget } from './client.ts';
import { FrameReader } from './frame-reader.ts';
import { ALIVE, decodeHeader, decodePacket, decodeStatus, FRAME, LinkFormatError } from './frames.ts';
import { SilenceWatch } from './silence.ts';

export interface LinkSourceOptions {
  readonly client: Pick<LinkClient, 'openHub'>;
  readonly target: LinkTarget;
  readonly camera: string;
  readonly stream: string;
}

/**
 * The hub of another node as a source. Packets keep the times of their origin; where a session ends there, the sink hears
 * of it. Used once.
 */
export class LinkSource implements Source {
  readonly stats: SourceStats = { bytes: 0, packets: 0, lost: 0, malformed: 0 };
  readonly #options: LinkSourceOptions;
  readonly #stop = new AbortController();
  /** Session and numbers of the packets that came last, by track. */
  #session: number | undefined;
  #seq: number[] = [];

  constructor(options: LinkSourceOptions) {
    this.#options = options;
  }

  async run(sink: SourceSink): Promise<void> {
    const { client, target, camera, stream } = this.#options;
    const { signal } = this.#stop;
    try {
      const channel = await client.openHub(target, camera, stream, { signal });
      await this.#read(channel, sink);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  close(): void {
    this.#stop.abort();
  }

  #read({ socket, head }: LinkChannel, sink: SourceSink): Promise<void> {
    const { target } = this.#options;
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const silence = new SilenceWatch(
        () => end(new SourceError('stalled', `The node ${target.node} has been silent for more than 2 s.`)),
        () => void socket.write(ALIVE),
      );
      const end = (error: Error): void => {
        silence.stop();
        socket.destroy();
        signal.removeEventListener('abort', aborted);
        reject(error);
      };
      const aborted = (): void => {
        end(new Error('closed'));
        resolve();
      };
      signal.addEventListener('abort', aborted);
      const frames = new FrameReader((frame) => {
        if (!signal.aborted) this.#frame(frame, sink);
      });
      const take = (piece: Buffer): void => {
        silence.heard();
        this.stats.bytes += piece.length;
        try {
          frames.push(piece);
        } catch (error) {
          end(this.#unexpected(error));
        }
      };
      listen(socket, target, take, end);
      if (signal.aborted) aborted();
      else if (head.length > 0) take(head);
    });
  }

  #frame(frame: Buffer, sink: SourceSink): void {
    switch (frame[0]) {
      case FRAME.packet:
        this.#packet(decodePacket(frame), sink);
        return;
      case FRAME.header: {
        const header = decodeHeader(frame.subarray(1));
        if (this.#session !== undefined && this.#session !== header.session) this.#interrupted(sink);
        this.#session = header.session;
        sink.header({ tracks: header.tracks });
        return;
      }
      case FRAME.status:
        if (!decodeStatus(frame.subarray(1)).live && this.#session !== undefined) this.#interrupted(sink);
        return;
      default:
        // Of a later version.
        this.stats.malformed += 1;
    }
  }

  #packet(packet: Packet, sink: SourceSink): void {
    if (packet.session !== this.#session) return;
    const { track, kind, pts, dts, time, seq, discontinuity, key, data } = packet;
    this.stats.packets += 1;
    const last = this.#seq[track];
    if (last !== undefined && seq > last + 1) this.stats.lost += seq - last - 1;
    this.#seq[track] = seq;
    sink.packet({ track, kind, pts, dts, time, discontinuity, key, data });
  }

  #interrupted(sink: SourceSink): void {
    this.#session = undefined;
    this.#seq = [];
    sink.interrupted?.();
  }

  #unexpected(error: unknown): Error {
    if (!(error instanceof LinkFormatError)) return error instanceof Error ? error : new Error(String(error));
    this.stats.malformed += 1;
    const { node } = this.#options.target;
    return new SourceError('protocol', `The node ${node} sent what is no frame of a link.`, { cause: error });
  }
}

function listen(
  socket: Duplex,
  target: LinkTarget,
  take: (piece: Buffer) => void,
  end: (error: Error) => void,
): void {
  socket.on('data', take);
  socket.once('end', () =>
    end(new SourceError('closed_by_camera', `The node ${target.node} ended the stream.`)),
  );
  socket.once('error', (error: Error) => end(failure(target, error)));
  socket.once('close', () => end(failure(target, new Error('closed'))));
}

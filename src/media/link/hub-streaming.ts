import type { Duplex } from 'node:stream';
import type { Hub } from '../hub/hub.ts';
import type { Reader } from '../hub/reader.ts';
import type { Packet } from '../types.ts';
import { encodeHeader, encodePackets, encodeStatus } from './frames.ts';
import { SilenceWatch } from './silence.ts';

/** What may wait for a peer that reads slowly, before packets are dropped up to the next key frame. */
const MAX_QUEUED_BYTES = 8 * 2 ** 20;

/** The serving end of one link: writes what a hub gives for as long as the peer reads and shows that it lives. */
export class HubStreaming {
  readonly #hub: Hub;
  readonly #socket: Duplex;
  readonly #name: string;
  #reader: Reader | undefined;

  constructor(hub: Hub, socket: Duplex, node: string) {
    this.#hub = hub;
    this.#socket = socket;
    this.#name = `link:${node}`;
  }

  /** @param head what the peer has said already */
  start(head: Buffer): void {
    const socket = this.#socket;
    const silence = new SilenceWatch(
      () => socket.destroy(),
      () => this.#sendStatus(),
    );
    socket.once('close', () => {
      silence.stop();
      this.#reader?.close();
    });
    socket.once('end', () => socket.destroy());
    // What the peer says does not matter; that it says something does.
    socket.on('data', () => silence.heard());
    if (head.length > 0) silence.heard();
    this.#sendStatus();
    this.#reader = this.#hub.read(
      { name: this.#name, maxBytes: MAX_QUEUED_BYTES },
      {
        header: (header) => void socket.write(encodeHeader(header)),
        packets: (batch) => this.#send(batch),
        closed: () => socket.end(),
      },
    );
    if (socket.destroyed) this.#reader.close();
  }

  #sendStatus(): void {
    // A peer that is behind hears from us by what is on its way.
    if (!this.#socket.writableNeedDrain) this.#socket.write(encodeStatus({ live: this.#hub.live }));
  }

  #send(batch: readonly Packet[]): void | Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.write(encodePackets(batch))) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.removeListener('drain', done);
        socket.removeListener('close', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
    });
  }
}

import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import { RtpStream } from '../rtp/stream.ts';
import { type AudioChoice, producerCodec, routerCodecs, type VideoChoice } from './codecs.ts';

const CNAME = 'sightmesh';

/** The way of packets into one router: one transport, any number of outgoing RTP streams. */
export class Feed {
  readonly router: types.Router;
  readonly #transport: types.DirectTransport;

  private constructor(router: types.Router, transport: types.DirectTransport) {
    this.router = router;
    this.#transport = transport;
  }

  static async create(router: types.Router): Promise<Feed> {
    return new Feed(router, await router.createDirectTransport());
  }

  /**
   * A producer whose viewers see the chosen payload type. The router's table is set and read in the same turn of the
   * event loop, so that joins with different payload types do not disturb each other.
   */
  async video(choice: VideoChoice): Promise<RtpFeed> {
    this.router.updateMediaCodecs(routerCodecs(choice));
    return this.#produce('video', choice);
  }

  async audio(choice: AudioChoice): Promise<RtpFeed> {
    this.router.updateMediaCodecs(routerCodecs(undefined, choice));
    return this.#produce('audio', choice);
  }

  async #produce(kind: 'audio' | 'video', choice: VideoChoice | AudioChoice): Promise<RtpFeed> {
    const codec = producerCodec(choice);
    const ssrc = randomInt(1, 2 ** 32 - 1);
    const producer = await this.#transport.produce({
      kind,
      rtpParameters: { codecs: [codec], encodings: [{ ssrc }], rtcp: { cname: CNAME } },
    });
    const stream = new RtpStream({ ssrc, payloadType: codec.payloadType, clockRate: codec.clockRate });
    return new RtpFeed(producer, stream, (report) => {
      if (!this.#transport.closed) this.#transport.sendRtcp(report);
    });
  }

  close(): void {
    this.#transport.close();
  }
}

/** One RTP stream into the router. */
export class RtpFeed {
  readonly producer: types.Producer;
  readonly #stream: RtpStream;
  readonly #sendRtcp: (report: Buffer) => void;

  constructor(producer: types.Producer, stream: RtpStream, sendRtcp: (report: Buffer) => void) {
    this.producer = producer;
    this.#stream = stream;
    this.#sendRtcp = sendRtcp;
  }

  send(timestamp: number, payload: Buffer, marker: boolean): void {
    if (!this.producer.closed) this.producer.send(this.#stream.packet(timestamp, payload, marker));
  }

  sendAll(timestamp: number, payloads: readonly Buffer[]): void {
    for (const [index, payload] of payloads.entries()) {
      this.send(timestamp, payload, index === payloads.length - 1);
    }
  }

  /** Tells receivers which moment an RTP time means, for lip sync. */
  report(timestamp: number, time: number): void {
    if (!this.producer.closed) this.#sendRtcp(this.#stream.senderReport(timestamp, time, CNAME));
  }

  close(): void {
    this.producer.close();
  }
}

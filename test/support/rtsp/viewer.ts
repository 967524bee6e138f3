import type net from 'node:net';
import { RtpStream } from '../../../src/media/rtp/stream.ts';
import type { RtspServer, ServedRequest } from '../rtsp-server.ts';
import type { FakePicture } from './fake-video.ts';
import { aacPayload, interleaved, videoPayloads } from './payloads.ts';

const AAC_FRAME = 1_024;
const PCMA_FRAME = 160;

/** One client of the test camera: answers its requests and plays to it. */
export class FakeViewer {
  readonly #server: RtspServer;
  readonly #socket: net.Socket;
  readonly #video: RtpStream;
  readonly #audio: RtpStream;
  #received: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #started = 0;
  #sounds = 0;
  #tracks = 0;

  constructor(server: RtspServer, socket: net.Socket) {
    this.#server = server;
    this.#socket = socket;
    this.#video = new RtpStream({ ssrc: 0x1111, payloadType: 96, clockRate: 90_000, firstSequence: 65_530 });
    this.#audio = new RtpStream({
      ssrc: 0x2222,
      payloadType: server.options.audio === 'pcma' ? 8 : 97,
      clockRate: server.options.audio === 'pcma' ? 8_000 : 48_000,
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(this.#timer);
    });
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      while (this.#take());
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  inject(bytes: Buffer): void {
    if (this.#timer !== undefined) this.#write(bytes);
  }

  /** One request or frame off the received bytes; false when none is whole. */
  #take(): boolean {
    const data = this.#received;
    if (data[0] === 0x24) {
      if (data.length < 4 || data.length < 4 + data.readUInt16BE(2)) return false;
      this.#received = data.subarray(4 + data.readUInt16BE(2));
      this.#server.reports += 1;
      return true;
    }
    const end = data.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.#received = data.subarray(end + 4);
    const [first = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
    const [method = '', url = ''] = first.split(' ');
    const headers = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const request = { method, url, headers };
    this.#server.requests.push(request);
    this.#answer(request);
    return true;
  }

  #answer(request: ServedRequest): void {
    const { behaviour } = this.#server;
    if (behaviour.silent) return;
    if (behaviour.greeting !== undefined) {
      this.#socket.end(behaviour.greeting);
      return;
    }
    if (behaviour.deafWhilePlaying && this.#timer !== undefined) return;
    if (behaviour.endlessHeader) {
      this.#endless();
      return;
    }
    const challenge = this.#server.challenge(request);
    if (challenge !== undefined) {
      this.#reply(
        request,
        '401 Unauthorized',
        challenge.map((value) => `WWW-Authenticate: ${value}`),
      );
      return;
    }
    this.#serve(request);
  }

  #serve(request: ServedRequest): void {
    const { behaviour, options } = this.#server;
    switch (request.method) {
      case 'OPTIONS':
        this.#reply(request, '200 OK', ['Public: DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']);
        return;
      case 'DESCRIBE':
        this.#describe(request);
        return;
      case 'SETUP': {
        const channels = /interleaved=(\S+)/.exec(request.headers.get('transport') ?? '')?.[1] ?? '';
        this.#tracks += 1;
        this.#reply(request, '200 OK', [
          `Transport: RTP/AVP/TCP;unicast;interleaved=${channels}`,
          `Session: 4711;timeout=${String(options.timeout ?? 60)}`,
        ]);
        return;
      }
      case 'PLAY':
        if (behaviour.earlyPackets) this.#play();
        this.#reply(request, '200 OK', ['Session: 4711']);
        this.#play();
        return;
      case 'TEARDOWN':
        clearInterval(this.#timer);
        this.#reply(request, '200 OK', []);
        return;
      default:
        this.#reply(request, '200 OK', []);
    }
  }

  #describe(request: ServedRequest): void {
    const { behaviour } = this.#server;
    if (behaviour.missing) this.#reply(request, '404 Not Found', []);
    else if (behaviour.status !== undefined) this.#reply(request, `${String(behaviour.status)} Told to`, []);
    else if (behaviour.redirect !== undefined)
      this.#reply(request, '302 Found', [`Location: ${behaviour.redirect}`]);
    else
      this.#reply(
        request,
        '200 OK',
        ['Content-Type: application/sdp', `Content-Base: ${request.url}/`],
        this.#server.sdp(),
      );
  }

  #reply(request: ServedRequest, status: string, headers: readonly string[], body = ''): void {
    const asked = request.headers.get('cseq') ?? '0';
    const cseq = { right: [`CSeq: ${asked}`], wrong: ['CSeq: 9999'], missing: [] }[
      this.#server.behaviour.cseq
    ];
    const length = body === '' ? [] : [`Content-Length: ${String(Buffer.byteLength(body))}`];
    this.#write(Buffer.from([`RTSP/1.0 ${status}`, ...cseq, ...headers, ...length, '', body].join('\r\n')));
  }

  #endless(): void {
    this.#write(Buffer.from('RTSP/1.0 200 OK\r\n'));
    const line = Buffer.from(`X-Filler: ${'x'.repeat(1_000)}\r\n`);
    const timer = setInterval(() => this.#write(line), 5);
    this.#socket.on('close', () => {
      clearInterval(timer);
    });
  }

  #play(): void {
    if (this.#timer !== undefined) return;
    const video = this.#server.video();
    const tick = () => {
      const picture = video.next();
      if (this.#server.behaviour.frozen) return;
      this.#sendPicture(picture);
      this.#sendSound();
    };
    this.#started = performance.now();
    this.#timer = setInterval(tick, 1000 / video.fps);
    tick();
  }

  #sendPicture({ pts, key, slices }: FakePicture): void {
    const { codec, sets, behaviour, jumped, options } = this.#server;
    const inband = key && behaviour.sets !== 'sdp';
    const nals = [...(inband ? [...sets.vps, ...sets.sps, ...sets.pps] : []), ...slices];
    const timestamp = (options.firstTimestamp ?? 1_000_000) + jumped + pts;
    const packets = this.#video.packets(timestamp, videoPayloads(codec, nals));
    this.#write(Buffer.concat(packets.map((packet) => interleaved(0, packet))));
  }

  /** What has become due since the beginning. */
  #sendSound(): void {
    const { audio } = this.#server.options;
    if (audio === undefined || this.#tracks < 2) return;
    const rate = audio === 'aac' ? 48 : 8;
    const samples = audio === 'aac' ? AAC_FRAME : PCMA_FRAME;
    for (; (this.#sounds + 1) * samples <= (performance.now() - this.#started) * rate; this.#sounds += 1) {
      const frame = Buffer.alloc(audio === 'aac' ? 120 : PCMA_FRAME, this.#sounds & 0xff);
      const payload = audio === 'aac' ? aacPayload([frame]) : frame;
      this.#write(interleaved(2, this.#audio.packet(this.#sounds * samples, payload, true)));
    }
  }

  #write(bytes: Buffer): void {
    const { chunk } = this.#server.behaviour;
    if (chunk === 0) {
      this.#socket.write(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += chunk) this.#socket.write(bytes.subarray(at, at + chunk));
  }
}

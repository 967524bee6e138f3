import { createHash } from 'node:crypto';
import net from 'node:net';
import type { VideoCodec } from '../../src/media/types.ts';
import { FakeVideo, type FakeVideoOptions, SETS } from './rtsp/fake-video.ts';
import { interleaved } from './rtsp/payloads.ts';
import { FakeViewer } from './rtsp/viewer.ts';

export interface ServedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** What the camera does wrong, changed at any time. */
export interface Behaviour {
  /** 401, whatever the password is. */
  refuse: boolean;
  /** 404 for DESCRIBE. */
  missing: boolean;
  /** Takes connections and says nothing. */
  silent: boolean;
  /** Answers, but sends no packets. */
  frozen: boolean;
  /** Instead of an answer to the first request. */
  greeting: Buffer | undefined;
  /** A header without end. */
  endlessHeader: boolean;
  cseq: 'right' | 'wrong' | 'missing';
  /** Packets come before the answer to PLAY. */
  earlyPackets: boolean;
  /** Bytes that are written at once; 0 for no limit. */
  chunk: number;
  /** Where DESCRIBE sends the client. */
  redirect: string | undefined;
  /** Where the parameter sets are. */
  sets: 'sdp' | 'inband' | 'both';
  /** Instead of its own description. */
  sdp: string | undefined;
  /** GET_PARAMETER and OPTIONS remain unanswered once it plays. */
  deafWhilePlaying: boolean;
  status: number | undefined;
}

export interface RtspServerOptions {
  readonly video?: FakeVideoOptions;
  readonly audio?: 'aac' | 'pcma';
  readonly username?: string;
  readonly password?: string;
  readonly auth?: 'basic' | 'md5' | 'sha256';
  /** RTP timestamp of the first picture. */
  readonly firstTimestamp?: number;
  /** Seconds in the `Session` header. */
  readonly timeout?: number;
}

/** A camera for tests: RTSP over TCP with numbered pictures, and every fault at hand. */
export class RtspServer {
  readonly options: RtspServerOptions;
  readonly behaviour: Behaviour = {
    refuse: false,
    missing: false,
    silent: false,
    frozen: false,
    greeting: undefined,
    endlessHeader: false,
    cseq: 'right',
    earlyPackets: false,
    chunk: 0,
    redirect: undefined,
    sets: 'both',
    sdp: undefined,
    deafWhilePlaying: false,
    status: undefined,
  };
  readonly requests: ServedRequest[] = [];
  /** Parameter sets in force. */
  sets: { vps: readonly Buffer[]; sps: readonly Buffer[]; pps: readonly Buffer[] };
  /** Ticks of 90 kHz that timestamps are ahead. */
  jumped = 0;
  connections = 0;
  /** Interleaved frames from clients: receiver reports. */
  reports = 0;
  readonly #server: net.Server;
  readonly #viewers = new Set<FakeViewer>();

  private constructor(server: net.Server, options: RtspServerOptions) {
    this.#server = server;
    this.options = options;
    this.sets = SETS[this.codec];
    server.on('connection', (socket) => {
      this.connections += 1;
      const viewer = new FakeViewer(this, socket);
      this.#viewers.add(viewer);
      socket.on('close', () => this.#viewers.delete(viewer));
    });
  }

  static async start(options: RtspServerOptions = {}): Promise<RtspServer> {
    const server = net.createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RtspServer(server, options);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get codec(): VideoCodec {
    return this.options.video?.codec ?? 'h264';
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Without credentials. */
  url(path = '/stream'): string {
    return `rtsp://127.0.0.1:${String(this.port)}${path}`;
  }

  /** Closes all connections, as a camera that restarts. */
  kick(): void {
    for (const viewer of this.#viewers) viewer.destroy();
  }

  /** Sends bytes as they are to all who play. */
  inject(bytes: Buffer): void {
    for (const viewer of this.#viewers) viewer.inject(bytes);
  }

  /** Sends a packet on a channel to all who play. */
  injectFrame(channel: number, packet: Buffer): void {
    this.inject(interleaved(channel, packet));
  }

  video(): FakeVideo {
    return new FakeVideo(this.options.video);
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  async stop(): Promise<void> {
    this.kick();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Undefined when the request may pass; else the values of `WWW-Authenticate`. */
  challenge(request: ServedRequest): string[] | undefined {
    const { username, password = '', auth = 'md5' } = this.options;
    const realm = 'test camera';
    const nonce = '0123456789abcdef';
    const offers = {
      basic: [`Basic realm="${realm}"`],
      md5: [`Digest realm="${realm}", nonce="${nonce}"`, `Basic realm="${realm}"`],
      sha256: [`Digest realm="${realm}", nonce="${nonce}", algorithm=SHA-256, qop="auth,auth-int"`],
    }[auth];
    if (this.behaviour.refuse) return offers;
    if (username === undefined) return undefined;
    const given = request.headers.get('authorization') ?? '';
    if (auth === 'basic') {
      const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      return given === wanted ? undefined : offers;
    }
    const field = (name: string) => new RegExp(`${name}="?([^",]*)"?`).exec(given)?.[1] ?? '';
    const hash = (text: string) => createHash(auth).update(text).digest('hex');
    const secret = hash(`${username}:${realm}:${password}`);
    const what = hash(`${request.method}:${field('uri')}`);
    const middle = auth === 'md5' ? nonce : `${nonce}:${field('nc')}:${field('cnonce')}:auth`;
    const right = field('response') === hash(`${secret}:${middle}:${what}`) && field('uri') === request.url;
    return right ? undefined : offers;
  }

  sdp(): string {
    const { behaviour, codec, sets } = this;
    if (behaviour.sdp !== undefined) return behaviour.sdp;
    const base64 = (nals: readonly Buffer[]) => nals.map((nal) => nal.toString('base64')).join(',');
    const props =
      behaviour.sets === 'inband'
        ? ''
        : codec === 'h264'
          ? `;sprop-parameter-sets=${base64([...sets.sps, ...sets.pps])}`
          : `;sprop-vps=${base64(sets.vps)};sprop-sps=${base64(sets.sps)};sprop-pps=${base64(sets.pps)}`;
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=test',
      't=0 0',
      'a=control:*',
      'm=video 0 RTP/AVP 96',
      `a=rtpmap:96 ${codec.toUpperCase()}/90000`,
      `a=fmtp:96 packetization-mode=1${props}`,
      'a=control:track1',
      ...this.#audioSdp(),
      '',
    ].join('\r\n');
  }

  #audioSdp(): string[] {
    switch (this.options.audio) {
      case 'aac':
        return [
          'm=audio 0 RTP/AVP 97',
          'a=rtpmap:97 MPEG4-GENERIC/48000/2',
          'a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1190;sizelength=13;indexlength=3;indexdeltalength=3',
          'a=control:track2',
        ];
      case 'pcma':
        return ['m=audio 0 RTP/AVP 8', 'a=control:track2'];
      default:
        return [];
    }
  }
}

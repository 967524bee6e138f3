import net from 'node:net';
import { SourceError } from '../../types.ts';
import { Authenticator, type Credentials, pickChallenge } from './auth.ts';
import { InterleavedParser } from './interleaved.ts';
import { header, type RtspMessage, writeRequest } from './message.ts';

export interface ConnectionHandler {
  /** The bytes are only valid during the call. */
  frame(channel: number, data: Buffer, start: number, end: number): void;
  garbage(bytes: number): void;
  /** Once, when the connection is over; not after `close()`. */
  ended(error: SourceError): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials?: Credentials;
}

interface Pending {
  resolve(message: RtspMessage): void;
  reject(error: SourceError): void;
}

/** Requests that the camera may leave unanswered. */
const MAX_PENDING = 16;
/** Bytes that may wait for a camera that does not read. */
const MAX_UNSENT = 64 * 1024;
const READ_BUFFER = 256 * 1024;
/** One for all connections: the handler is done with the bytes when it returns. Windows reads ahead into it. */
const shared = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(READ_BUFFER);

/** One TCP connection that carries RTSP messages and interleaved frames (RFC 2326). Used once. */
export class RtspConnection {
  readonly #options: ConnectionOptions;
  readonly #handler: ConnectionHandler;
  readonly #pending = new Map<number, Pending>();
  readonly #parser: InterleavedParser;
  #socket: net.Socket | undefined;
  #sequence = 0;
  #auth: Authenticator | undefined;
  #ended = false;
  /** Something came that only RTSP can be. */
  #understood = false;
  #web = false;
  /** Bytes received. */
  bytes = 0;
  /** Sent with each request once the camera has given it. */
  session: string | undefined;

  constructor(options: ConnectionOptions, handler: ConnectionHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#parser = new InterleavedParser({
      frame: (channel, data, start, end) => {
        this.#understood = true;
        if (!this.#ended) handler.frame(channel, data, start, end);
      },
      message: (message) => {
        this.#onMessage(message);
      },
      garbage: (bytes) => {
        if (this.#understood) handler.garbage(bytes);
        else this.#end(notRtsp(this.#web));
      },
    });
  }

  /** Resolves when TCP is connected. @throws SourceError */
  async open(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const socket = net.connect(
        {
          host,
          port,
          noDelay: true,
          keepAlive: true,
          onread: {
            buffer: shared ?? Buffer.allocUnsafeSlow(READ_BUFFER),
            callback: (bytes: number, buffer: Uint8Array) => {
              this.#onBytes(bytes, buffer as Buffer);
              return true;
            },
          },
        },
        resolve,
      );
      this.#socket = socket;
      socket.on('error', (error) => {
        const failure = socketError(error, host, port);
        reject(failure);
        this.#end(failure);
      });
      socket.on('close', () => {
        const failure = new SourceError(
          'closed_by_camera',
          this.#understood
            ? 'The camera closed the connection.'
            : 'The connection was closed without an answer: check that this is the port for RTSP.',
        );
        reject(failure);
        this.#end(failure);
      });
    });
  }

  /**
   * Sends a request and answers a demand for authentication.
   *
   * @throws SourceError `unauthorized`, or why the connection ended; other statuses are returned
   */
  async request(method: string, url: string, headers: Record<string, string> = {}): Promise<RtspMessage> {
    let answer = await this.#once(method, url, headers);
    if (answer.status !== 401) return answer;
    const challenge = pickChallenge(answer.headers.get('www-authenticate') ?? []);
    const { credentials } = this.#options;
    if (credentials === undefined) {
      throw new SourceError('unauthorized', 'The camera asks for a user name and password; none are set.');
    }
    if (challenge === undefined) {
      throw new SourceError(
        'unauthorized',
        'The camera asks for a kind of authentication that is not supported.',
      );
    }
    const had = this.#auth;
    if (had !== undefined && had.challenge.nonce === challenge.nonce) throw wrongPassword();
    this.#auth = new Authenticator(challenge, credentials);
    answer = await this.#once(method, url, headers);
    if (answer.status === 401) throw wrongPassword();
    return answer;
  }

  /** Sends an interleaved frame, for example an RTCP report. */
  sendFrame(channel: number, payload: Buffer): void {
    if (this.#ended || this.#socket === undefined || this.#socket.writableLength > MAX_UNSENT) return;
    const frame = Buffer.allocUnsafe(4 + payload.length);
    frame.writeUInt8(0x24, 0);
    frame.writeUInt8(channel, 1);
    frame.writeUInt16BE(payload.length, 2);
    payload.copy(frame, 4);
    this.#socket.write(frame);
  }

  /** Idempotent. Says goodbye when there is a session, without waiting for the answer. */
  close(teardownUrl?: string): void {
    const socket = this.#socket;
    const wasEnded = this.#ended;
    this.#ended = true;
    this.#rejectAll(new SourceError('closed_by_camera', 'The connection was closed.'));
    if (socket === undefined || socket.destroyed) return;
    if (!wasEnded && this.session !== undefined && teardownUrl !== undefined && socket.writable) {
      socket.write(this.#write('TEARDOWN', teardownUrl, {}));
      socket.end();
      const timer = setTimeout(() => socket.destroy(), 300);
      timer.unref();
      return;
    }
    socket.destroy();
  }

  #once(method: string, url: string, headers: Record<string, string>): Promise<RtspMessage> {
    return new Promise((resolve, reject) => {
      if (this.#ended || this.#socket === undefined) {
        reject(new SourceError('closed_by_camera', 'The connection is closed.'));
        return;
      }
      if (this.#pending.size >= MAX_PENDING) {
        reject(new SourceError('protocol', 'The camera answers no requests.'));
        return;
      }
      const text = this.#write(method, url, headers);
      this.#pending.set(this.#sequence, { resolve, reject });
      this.#socket.write(text);
    });
  }

  #write(method: string, url: string, headers: Record<string, string>): string {
    this.#sequence += 1;
    return writeRequest(method, url, this.#sequence, {
      ...(this.session === undefined ? {} : { Session: this.session }),
      ...(this.#auth === undefined ? {} : { Authorization: this.#auth.header(method, url) }),
      ...headers,
    });
  }

  #onBytes(bytes: number, buffer: Buffer): void {
    if (this.bytes === 0) this.#web = buffer.toString('latin1', 0, Math.min(bytes, 5)) === 'HTTP/';
    this.bytes += bytes;
    try {
      this.#parser.push(buffer, bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const code = this.#understood ? 'protocol' : 'not_rtsp';
      this.#end(new SourceError(code, `The other side does not speak proper RTSP: ${error.message}.`));
    }
  }

  #onMessage(message: RtspMessage): void {
    this.#understood = true;
    const sequence = Number(header(message, 'cseq'));
    if (message.status === 0) {
      const answer = `RTSP/1.0 ${message.method === 'OPTIONS' ? '200 OK' : '501 Not Implemented'}`;
      const room = this.#socket !== undefined && this.#socket.writableLength <= MAX_UNSENT;
      if (room && Number.isInteger(sequence)) {
        this.#socket?.write(`${answer}\r\nCSeq: ${String(sequence)}\r\n\r\n`);
      }
      return;
    }
    // Some cameras leave CSeq out: then the oldest request is meant, for answers come in order.
    const key = this.#pending.has(sequence) ? sequence : [...this.#pending.keys()][0];
    if (key === undefined) return;
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    pending?.resolve(message);
  }

  #rejectAll(error: SourceError): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) pending.reject(error);
  }

  #end(error: SourceError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket?.destroy();
    this.#rejectAll(error);
    this.#handler.ended(error);
  }
}

const notRtsp = (web: boolean) =>
  new SourceError(
    'not_rtsp',
    web
      ? 'A web server answers at this port: RTSP mostly has port 554.'
      : 'What answers at this port does not speak RTSP: RTSP mostly has port 554.',
  );

const wrongPassword = () =>
  new SourceError('unauthorized', 'The camera refused the user name or the password.');

function socketError(error: NodeJS.ErrnoException, host: string, port: number): SourceError {
  const place = `${host}:${String(port)}`;
  const options = { cause: error };
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return new SourceError('name_not_found', `No address is known for the host ${host}.`, options);
    case 'ECONNREFUSED':
      return new SourceError('connection_refused', `Nothing listens at ${place}: check the port.`, options);
    case 'ECONNRESET':
    case 'EPIPE':
      return new SourceError('closed_by_camera', 'The camera reset the connection.', options);
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return new SourceError('unreachable', `${place} cannot be reached from this node.`, options);
    default:
      return new SourceError(
        'unreachable',
        `The connection to ${place} failed (${error.code ?? 'unknown'}).`,
        options,
      );
  }
}

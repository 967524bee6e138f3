import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { SourceError, type SourceErrorCode } from '../types.ts';
import { nodeOf } from './certificates.ts';
import { LINK_PROTOCOL } from './frames.ts';
import type { LinkIdentity } from './identity.ts';

/** Where the link port of another node is. */
export interface LinkTarget {
  readonly node: string;
  readonly host: string;
  readonly port: number;
}

export interface DialOptions {
  /** Milliseconds until the other node must have agreed. Default 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface LinkChannel {
  readonly socket: Duplex;
  /** What came with the answer. */
  readonly head: Buffer;
}

const TIMEOUT_MS = 5_000;

/** Asks other nodes for hubs and pieces of segment files. One for each node; connections for files are kept. */
export class LinkClient {
  readonly #identity: LinkIdentity;
  readonly #agents = new Map<string, Agent>();
  /** By how much the clocks of others are ahead, as far as they said so; milliseconds. */
  readonly #skews = new Map<string, number>();

  constructor(identity: LinkIdentity) {
    this.#identity = identity;
  }

  /** Opens the hub of another node. @throws SourceError that says why not */
  async openHub(
    target: LinkTarget,
    camera: string,
    stream: string,
    dial: DialOptions = {},
  ): Promise<LinkChannel> {
    const path = `/hub/${camera}/${stream}`;
    const answer = await this.#ask(target, path, dial, {
      agent: false,
      headers: { connection: 'Upgrade', upgrade: LINK_PROTOCOL },
    });
    if ('socket' in answer) return answer;
    answer.response.resume();
    throw refusal(target, answer.response.statusCode ?? 0, `the stream ${camera}/${stream}`);
  }

  /**
   * A part of a segment file of another node, and how long the whole is. The stream must be read or destroyed.
   *
   * @param end not included
   * @throws SourceError `not_found` when the file is not there or not that long, else why it cannot be read
   */
  async openRange(
    target: LinkTarget,
    file: { readonly volume: string; readonly path: string },
    range: { readonly start: number; readonly end: number },
    dial: DialOptions = {},
  ): Promise<{ readonly stream: IncomingMessage; readonly size: number }> {
    const answer = await this.#ask(target, `/archive/${file.volume}/${file.path}`, dial, {
      agent: this.#agent(target),
      headers: { range: `bytes=${String(range.start)}-${String(range.end - 1)}` },
    });
    if ('socket' in answer) {
      answer.socket.destroy();
      throw new SourceError('protocol', `The node ${target.node} gave a stream where a file was asked for.`);
    }
    const { response } = answer;
    const size = Number(/^bytes \d+-\d+\/(\d+)$/.exec(response.headers['content-range'] ?? '')?.[1]);
    if (response.statusCode === 206 && Number.isSafeInteger(size)) return { stream: response, size };
    response.resume();
    const status = response.statusCode === 416 ? 404 : (response.statusCode ?? 0);
    throw refusal(target, status, `the file ${file.path}`);
  }

  /** Idempotent. Closes what is kept open for files. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** Asks, and once more with a later ticket when the clock of the other node says that the first one is too old. */
  async #ask(target: LinkTarget, path: string, dial: DialOptions, options: RequestOptions): Promise<Answer> {
    const first = await this.#once(target, path, dial, options);
    if ('socket' in first || first.response.statusCode !== 401) return first;
    const theirs = Date.parse(first.response.headers.date ?? '');
    if (Number.isNaN(theirs)) return first;
    first.response.resume();
    this.#skews.set(target.node, theirs - this.#identity.now());
    return this.#once(target, path, dial, options);
  }

  async #once(target: LinkTarget, path: string, dial: DialOptions, options: RequestOptions): Promise<Answer> {
    const { tickets, nodeId: reader } = this.#identity;
    const claims = { path, reader, server: target.node };
    const ticket = await tickets.sign(claims, this.#skews.get(target.node));
    return new Promise<Answer>((resolve, reject) => {
      const asked = request({
        ...options,
        ...this.#tls(target),
        host: target.host,
        port: target.port,
        path,
        signal: dial.signal,
        headers: { ...(options.headers as IncomingHttpHeaders), authorization: `Bearer ${ticket}` },
      });
      const limit = dial.timeoutMs ?? TIMEOUT_MS;
      const timer = setTimeout(() => {
        const seconds = (limit / 1000).toFixed(1);
        asked.destroy(
          new SourceError('open_timeout', `The node ${target.node} did not answer within ${seconds} s.`),
        );
      }, limit);
      asked.once('response', (response) => resolve({ response }));
      asked.once('upgrade', (_response, socket, head) => resolve({ socket, head }));
      asked.once('error', (error: Error) => reject(failure(target, error)));
      asked.once('close', () => reject(failure(target, new Error('closed'))));
      const done = (): void => clearTimeout(timer);
      for (const event of ['response', 'upgrade', 'error', 'close']) asked.once(event, done);
      asked.end();
    });
  }

  #agent(target: LinkTarget): Agent {
    const key = `${target.node} ${target.host} ${String(target.port)}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: 8, maxFreeSockets: 2, maxCachedSessions: 0 });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  #tls(target: LinkTarget): RequestOptions & Pick<ConnectionOptions, 'secureContext'> {
    return {
      secureContext: this.#identity.context,
      rejectUnauthorized: true,
      servername: '',
      checkServerIdentity: (_host, { raw }) => {
        const node = nodeOf(new X509Certificate(raw));
        if (node === target.node) return undefined;
        return new SourceError(
          'unauthorized',
          `The node at ${target.host}:${String(target.port)} is ${node ?? 'nobody of this cluster'}, not ${target.node}.`,
        );
      },
    };
  }
}

type Answer = LinkChannel | { readonly response: IncomingMessage };

function refusal({ node }: LinkTarget, status: number, what: string): SourceError {
  switch (status) {
    case 401:
      return new SourceError(
        'unauthorized',
        `The node ${node} says that the ticket is too old: compare the clocks.`,
      );
    case 403:
      return new SourceError(
        'unauthorized',
        `The node ${node} refused the ticket: do both have the same secret?`,
      );
    case 404:
      return new SourceError('not_found', `The node ${node} does not have ${what}.`);
    default:
      return new SourceError('protocol', `The node ${node} answered with status ${String(status)}.`);
  }
}

const CODES: Readonly<Record<string, SourceErrorCode>> = {
  ECONNREFUSED: 'connection_refused',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
};

/** What went wrong below HTTP, in the terms of sources. */
export function failure({ node }: LinkTarget, error: Error): SourceError {
  if (error instanceof SourceError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = CODES[code];
  if (known !== undefined)
    return new SourceError(known, `The node ${node} cannot be reached.`, { cause: error });
  if (/CERT|SELF_SIGNED|VERIFY|ALERT/.test(code)) {
    return new SourceError(
      'unauthorized',
      `The node ${node} is not of this cluster, or does not know this one.`,
      {
        cause: error,
      },
    );
  }
  return new SourceError('unreachable', `The connection to the node ${node} broke.`, { cause: error });
}

import { createHash, randomBytes } from 'node:crypto';

export interface Challenge {
  readonly scheme: 'basic' | 'digest';
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string;
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly session: boolean;
  /** The server wants (and we use) quality of protection `auth`. */
  readonly qop: boolean;
}

/**
 * Reads `WWW-Authenticate` headers (RFC 7235, RFC 7616) and picks the strongest that we can answer.
 *
 * @param headers one string per header line; a line may hold several challenges
 */
export function pickChallenge(headers: readonly string[]): Challenge | undefined {
  const known = headers.flatMap(parseChallenges);
  const rank = (it: Challenge) => (it.scheme === 'basic' ? 0 : it.algorithm === 'MD5' ? 1 : 2);
  return known.sort((a, b) => rank(b) - rank(a))[0];
}

function parseChallenges(header: string): Challenge[] {
  const starts = [...header.matchAll(/(?:^|,\s*)(basic|digest)(?=\s|$)/gi)];
  return starts.flatMap((start, index) => {
    const rest = header.slice(start.index + start[0].length, starts[index + 1]?.index);
    const made = makeChallenge(
      (start[1] ?? '').toLowerCase() === 'basic' ? 'basic' : 'digest',
      parameters(rest),
    );
    return made === undefined ? [] : [made];
  });
}

function parameters(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of text.matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    found.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '');
  }
  return found;
}

function makeChallenge(scheme: 'basic' | 'digest', from: Map<string, string>): Challenge | undefined {
  const named = (from.get('algorithm') ?? 'MD5').toUpperCase();
  const algorithm = named.replace(/-SESS$/, '');
  const qops = from
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/);
  if (scheme === 'digest') {
    if (algorithm !== 'MD5' && algorithm !== 'SHA-256') return undefined;
    if (!from.has('nonce') || (qops !== undefined && !qops.includes('auth'))) return undefined;
  }
  const opaque = from.get('opaque');
  return {
    scheme,
    realm: from.get('realm') ?? '',
    nonce: from.get('nonce') ?? '',
    ...(opaque === undefined ? {} : { opaque }),
    algorithm: algorithm === 'SHA-256' ? 'SHA-256' : 'MD5',
    session: named.endsWith('-SESS'),
    qop: qops !== undefined,
  };
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Answers a server's challenge for request after request. */
export class Authenticator {
  readonly challenge: Challenge;
  readonly #credentials: Credentials;
  readonly #nextNonce: () => string;
  #count = 0;

  constructor(
    challenge: Challenge,
    credentials: Credentials,
    nextNonce = () => randomBytes(8).toString('hex'),
  ) {
    this.challenge = challenge;
    this.#credentials = credentials;
    this.#nextNonce = nextNonce;
  }

  /** The value of the `Authorization` header. */
  header(method: string, uri: string): string {
    const { username, password } = this.#credentials;
    if (this.challenge.scheme === 'basic') {
      return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    return this.#digest(method, uri, username, password);
  }

  #digest(method: string, uri: string, username: string, password: string): string {
    const { realm, nonce, opaque, algorithm, session, qop } = this.challenge;
    const hash = (text: string) =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    this.#count += 1;
    const count = this.#count.toString(16).padStart(8, '0');
    const own = qop || session ? this.#nextNonce() : '';
    const plain = hash(`${username}:${realm}:${password}`);
    const secret = session ? hash(`${plain}:${nonce}:${own}`) : plain;
    const what = hash(`${method}:${uri}`);
    const response = hash(
      qop ? `${secret}:${nonce}:${count}:${own}:auth:${what}` : `${secret}:${nonce}:${what}`,
    );
    const name = username.replace(/["\\]/g, '\\$&');
    return [
      `Digest username="${name}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`,
      ...(algorithm === 'MD5' && !session ? [] : [`algorithm=${algorithm}${session ? '-sess' : ''}`]),
      ...(qop ? [`qop=auth, nc=${count}`] : []),
      ...(own === '' ? [] : [`cnonce="${own}"`]),
      ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ].join(', ');
  }
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Authority, createAuthority, nodeOf } from './certificates.ts';
import { createTickets, type Tickets } from './ticket.ts';

/** What a node is to its peers: a certificate of the cluster's own authority, and the key of the tickets. */
export interface LinkIdentity {
  readonly nodeId: string;
  readonly tls: LinkTls;
  /** The same certificates, read once, for dialling. */
  readonly context: SecureContext;
  readonly tickets: Tickets;
  /** The clock of this node, milliseconds since 1970. */
  now(): number;
}

export interface LinkTls {
  /** PEM */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.3';
}

export interface IdentityOptions {
  readonly nodeId: string;
  /** Where keys are kept: `link.key`, `link.crt` and `link-ca.crt`. */
  readonly folder: string;
  /** Of the secret that all nodes of the cluster have. */
  readonly secrets: { derive(purpose: string): Buffer };
  readonly now?: () => number;
}

/** A certificate with less left is made again, milliseconds. */
const RENEW_MS = 365 * 86_400_000;

/**
 * The identity kept in the folder; made again when it is not there, another node's, another cluster's, or old.
 *
 * @throws NodeJS.ErrnoException when the folder cannot be read or written
 */
export async function openLinkIdentity(options: IdentityOptions): Promise<LinkIdentity> {
  const { nodeId, folder, secrets, now = () => Date.now() } = options;
  const authority = createAuthority(secrets.derive('link authority'));
  const kept = await readPair(folder);
  let pair = kept !== undefined && fits(kept, nodeId, authority, now()) ? kept : undefined;
  if (pair === undefined) {
    pair = makePair(nodeId, authority, now());
    await mkdir(folder, { recursive: true, mode: 0o750 });
    await keep(folder, 'link.key', pair.key, 0o600);
    await keep(folder, 'link.crt', pair.cert, 0o644);
  }
  await keep(folder, 'link-ca.crt', authority.certificate, 0o644);
  const tls = { ca: authority.certificate, ...pair, minVersion: 'TLSv1.3' as const };
  const tickets = createTickets(secrets.derive('link tickets'), now);
  return { nodeId, tls, context: createSecureContext(tls), tickets, now };
}

interface Pair {
  readonly key: string;
  readonly cert: string;
}

function makePair(nodeId: string, authority: Authority, now: number): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { key, cert: authority.issue(nodeId, publicKey, now) };
}

async function readPair(folder: string): Promise<Pair | undefined> {
  try {
    const [key, cert] = await Promise.all(
      ['link.key', 'link.crt'].map((name) => readFile(path.join(folder, name), 'utf8')),
    );
    return key === undefined || cert === undefined ? undefined : { key, cert };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function fits({ key, cert }: Pair, nodeId: string, authority: Authority, now: number): boolean {
  try {
    const certificate = new X509Certificate(cert);
    return (
      nodeOf(certificate) === nodeId &&
      certificate.verify(createPublicKey(authority.certificate)) &&
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.validFromDate.getTime() < now &&
      certificate.validToDate.getTime() - now > RENEW_MS
    );
  } catch {
    // Not a certificate, or not a key: cut short by a crash, or by somebody's editor.
    return false;
  }
}

async function keep(folder: string, name: string, content: string, mode: number): Promise<void> {
  const file = path.join(folder, name);
  await writeFile(`${file}.new`, content, { mode });
  await rename(`${file}.new`, file);
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto';
import { bits, implicit, integer, octets, oid, sequence, set, tagged, text, time, yes } from './der.ts';

/** Makes the certificates of the nodes of one cluster. */
export interface Authority {
  /** PEM. The same on each node, because it is made of the secret alone. */
  readonly certificate: string;
  /**
   * A certificate (PEM) with which a node serves and dials.
   *
   * @param key public, Ed25519
   * @param now milliseconds since 1970
   */
  issue(nodeId: string, key: KeyObject, now: number): string;
}

const DAY_MS = 86_400_000;
/** Clocks of other nodes may be this much behind. */
const SKEW_MS = 2 * DAY_MS;
const VALID_MS = 3_650 * DAY_MS;
const NODE_URI = 'urn:sightmesh:node:';
const ED25519 = sequence(oid('1.3.101.112'));
/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, 7). */
const KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 bytes that only the nodes of the cluster know */
export function createAuthority(seed: Buffer): Authority {
  const key = createPrivateKey({ key: Buffer.concat([KEY_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key);
  const keyId = keyIdOf(publicKey);
  const issuer = nameOf(`Sightmesh cluster ${keyId.toString('hex', 0, 4)}`);
  const certificate = signed(key, {
    serial: keyId.subarray(0, 8),
    issuer,
    subject: issuer,
    from: Date.UTC(2020, 0),
    to: Date.UTC(2120, 0),
    publicKey,
    extensions: [
      extension('2.5.29.19', sequence(yes, integer(Buffer.from([0]))), true),
      extension('2.5.29.15', bits(Buffer.from([0x04]), 2), true),
      extension('2.5.29.14', octets(keyId)),
    ],
  });
  return {
    certificate,
    issue: (nodeId, nodeKey, now) =>
      signed(key, {
        serial: randomBytes(16),
        issuer,
        subject: nameOf(nodeId),
        from: now - SKEW_MS,
        to: now + VALID_MS,
        publicKey: nodeKey,
        extensions: [
          extension('2.5.29.19', sequence(), true),
          extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
          extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
          extension('2.5.29.17', sequence(implicit(6, Buffer.from(NODE_URI + nodeId, 'latin1')))),
          extension('2.5.29.35', sequence(implicit(0, keyId))),
        ],
      }),
  };
}

/** The node that a certificate is for; undefined when it names none, or several. Its signature is not looked at. */
export function nodeOf(certificate: Pick<X509Certificate, 'subjectAltName'>): string | undefined {
  const [, id] = /^URI:urn:sightmesh:node:([A-Za-z0-9._-]+)$/.exec(certificate.subjectAltName ?? '') ?? [];
  return id;
}

interface Contents {
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly from: number;
  readonly to: number;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, 4.1. */
function signed(key: KeyObject, contents: Contents): string {
  const { serial, issuer, subject, from, to, publicKey, extensions } = contents;
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), serial])),
    ED25519,
    issuer,
    sequence(time(from), time(to)),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(3, sequence(...extensions)),
  );
  const der = sequence(body, ED25519, bits(sign(null, body, key)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const nameOf = (commonName: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), text(commonName))));

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(value));

/** RFC 7093, 2, method 1. */
const keyIdOf = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }).subarray(12))
    .digest()
    .subarray(0, 20);

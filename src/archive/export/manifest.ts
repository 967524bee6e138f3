import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CameraId, Time } from '../../contracts/entities.ts';
import { hasCode } from '../files.ts';

export const MANIFEST_FILE = 'manifest.json';
/** Base64 of the Ed25519 signature (RFC 8032) over the bytes of the manifest. */
export const SIGNATURE_FILE = 'manifest.sig';

/** What an export says about itself. */
export const Manifest = z.strictObject({
  format: z.literal('sightmesh-export/1'),
  id: z.string(),
  createdAt: Time,
  /** Which node made it, and for whom. */
  node: z.string(),
  user: z.string(),
  /** What was asked for. */
  cameras: z.array(CameraId),
  from: Time,
  to: Time,
  files: z.array(
    z.strictObject({
      name: z.string(),
      bytes: z.number().int(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      camera: CameraId,
      /** Recorded between these, gaps skipped. */
      from: Time,
      to: Time,
      /** The recordings that it was made from, and who wrote them. */
      segments: z.array(
        z.strictObject({ id: z.string(), node: z.string(), from: Time, to: Time, bytes: z.number() }),
      ),
    }),
  ),
  /** Of which nothing was recorded in the range. */
  missing: z.array(CameraId),
  /** Base64 of the public key (SubjectPublicKeyInfo, RFC 8410) of whoever signed it. */
  publicKey: z.string(),
});
export type Manifest = z.output<typeof Manifest>;

/** Signs manifests with the key of this node. */
export class ManifestSigner {
  readonly #key: KeyObject;
  readonly publicKey: string;
  /** SHA-256 of the public key, hexadecimal. */
  readonly fingerprint: string;

  constructor(key: KeyObject) {
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    this.#key = key;
    this.publicKey = spki.toString('base64');
    this.fingerprint = fingerprintOf(spki);
  }

  /** Reads the key from a folder, or makes one there. @throws Error when it cannot be read */
  static async open(folder: string): Promise<ManifestSigner> {
    const file = path.join(folder, 'export-signing.pem');
    try {
      return new ManifestSigner(createPrivateKey(await readFile(file)));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeOnce(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    return new ManifestSigner(createPrivateKey(await readFile(file)));
  }

  sign(manifest: Buffer): Buffer {
    return Buffer.from(`${sign(null, manifest, this.#key).toString('base64')}\n`);
  }
}

/** Whole or not at all; what another process wrote meanwhile stays. */
async function writeOnce(file: string, content: string): Promise<void> {
  const part = `${file}.${String(process.pid)}`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(part, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(part);
  }
}

/** Undefined when the signature is not that of the key. */
export function signerOf(manifest: Buffer, signature: string, publicKey: string): string | undefined {
  const spki = Buffer.from(publicKey, 'base64');
  try {
    const key = createPublicKey({ key: spki, type: 'spki', format: 'der' });
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    return verify(null, manifest, key, Buffer.from(signature, 'base64')) ? fingerprintOf(spki) : undefined;
  } catch {
    return undefined;
  }
}

const fingerprintOf = (spki: Buffer): string => createHash('sha256').update(spki).digest('hex');

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Seals what must not be readable in the store, and derives the keys of other parts from the one secret. */
export interface Secrets {
  /**
   * AES-256-GCM. `context` says what it belongs to (`camera:front-door`): a sealed text moved to another place does not
   * open there.
   */
  seal(plain: string, context: string): string;
  /** @throws Error when it was sealed with another secret, for another context, or was changed. */
  open(sealed: string, context: string): string;
  /** 32 bytes for one purpose (`tokens`), always the same for the same secret. HKDF-SHA256, RFC 5869. */
  derive(purpose: string): Buffer;
}

const VERSION = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createSecrets(secret: string | Buffer): Secrets {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'sightmesh', purpose, 32));
  const sealing = derive('seal');
  return {
    derive,
    seal: (plain, context) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    open: (sealed, context) => {
      const [version, body = ''] = sealed.split('.');
      const bytes = Buffer.from(body, 'base64url');
      if (version !== VERSION || bytes.length < IV_BYTES + TAG_BYTES) throw new Error('not a sealed text');
      const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      try {
        const plain = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
        return Buffer.concat([plain, decipher.final()]).toString('utf8');
      } catch (error) {
        throw new Error('sealed with another secret, or changed', { cause: error });
      }
    },
  };
}

/**
 * The secret of a node: the configured one, else the one kept in `<folder>/secret`, made when it is not there and
 * readable by the owner only.
 * @throws Error when the file cannot be read or written, or is empty.
 */
export async function loadSecret(configured: string | null, folder: string): Promise<string> {
  if (configured !== null) return configured;
  const file = path.join(folder, 'secret');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readSecret(file);
  if (kept !== undefined) return kept;
  await createSecret(file);
  const made = await readSecret(file);
  if (made === undefined) throw new Error(`${file} vanished while the node started`);
  return made;
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (text.length < 16) {
      throw new Error(`${file} holds no secret: restore it, or remove it and enter camera passwords again`);
    }
    await chmod(file, 0o600);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever comes second leaves what the first has made. */
async function createSecret(file: string): Promise<void> {
  let handle;
  try {
    handle = await open(file, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

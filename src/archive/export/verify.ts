import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Manifest, MANIFEST_FILE, SIGNATURE_FILE, signerOf } from './manifest.ts';
import type { ZipEntry } from './zip-format.ts';
import { ZipError, ZipReader } from './zip-reader.ts';

export interface Verification {
  /** One sentence for each thing that is wrong; empty when all is as it was signed. */
  readonly problems: readonly string[];
  readonly manifest: Manifest | null;
  /** SHA-256 of the public key whose signature fits, hexadecimal. */
  readonly signer: string | null;
}

const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;

/**
 * Whether an export is as it was when it was signed: every file, and no other. Who signed it is for the caller to
 * compare.
 *
 * @throws NodeJS.ErrnoException when the file cannot be read
 */
export async function verifyExport(path: string): Promise<Verification> {
  let zip: ZipReader;
  try {
    zip = await ZipReader.open(path);
  } catch (error) {
    if (error instanceof ZipError) return { problems: [error.message], manifest: null, signer: null };
    throw error;
  }
  try {
    return await verifyZip(zip);
  } catch (error) {
    if (error instanceof ZipError) return { problems: [error.message], manifest: null, signer: null };
    throw error;
  } finally {
    await zip.close();
  }
}

async function verifyZip(zip: ZipReader): Promise<Verification> {
  const bytes = await readSmall(zip, MANIFEST_FILE);
  const signature = await readSmall(zip, SIGNATURE_FILE);
  if (bytes === undefined || signature === undefined)
    return { problems: ['it holds no signed manifest'], manifest: null, signer: null };
  const manifest = parse(bytes);
  if (manifest === undefined)
    return { problems: ['its manifest cannot be understood'], manifest: null, signer: null };
  const signer = signerOf(bytes, signature.toString('utf8'), manifest.publicKey);
  const problems = signer === undefined ? ['the signature does not fit the manifest'] : [];
  problems.push(...(await compareFiles(zip, manifest)));
  return { problems, manifest, signer: signer ?? null };
}

async function compareFiles(zip: ZipReader, manifest: Manifest): Promise<string[]> {
  const problems: string[] = [];
  const wanted = new Map(manifest.files.map((file) => [file.name, file]));
  const seen = new Set<string>();
  for (const entry of zip.entries) {
    if (seen.has(entry.name)) problems.push(`${entry.name} is in it twice`);
    seen.add(entry.name);
    if (entry.name === MANIFEST_FILE || entry.name === SIGNATURE_FILE) continue;
    const file = wanted.get(entry.name);
    if (file === undefined) problems.push(`${entry.name} is not in the manifest`);
    else if (entry.bytes !== file.bytes || (await digest(zip, entry)) !== file.sha256)
      problems.push(`${entry.name} was changed`);
  }
  for (const name of wanted.keys()) if (!seen.has(name)) problems.push(`${name} is missing`);
  return problems;
}

async function readSmall(zip: ZipReader, name: string): Promise<Buffer | undefined> {
  const entry = zip.entries.find((candidate) => candidate.name === name);
  if (entry === undefined || entry.bytes > MAX_MANIFEST_BYTES) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of zip.read(entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer): Manifest | undefined {
  try {
    return Manifest.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Undefined when its checksum is wrong already. */
async function digest(zip: ZipReader, entry: ZipEntry): Promise<string | undefined> {
  const hash = createHash('sha256');
  let crc = 0;
  for await (const chunk of zip.read(entry)) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
  }
  return crc === entry.crc ? hash.digest('hex') : undefined;
}

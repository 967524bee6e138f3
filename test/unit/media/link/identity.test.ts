import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeOf } from '../../../../src/media/link/certificates.ts';
import { openLinkIdentity } from '../../../../src/media/link/identity.ts';
import { createSecrets } from '../../../../src/store/secrets.ts';
import { type Folder, SECRET, tempFolder } from '../../../support/link/link-node.ts';

const DAY_MS = 86_400_000;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe('the identity of a node', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  const open = (nodeId = 'node-1', secret = SECRET, now = Date.now()) =>
    openLinkIdentity({ nodeId, folder: folder.path, secrets: createSecrets(secret), now: () => now });

  it('is a certificate with the node in it, by an authority that all nodes with the secret have', async () => {
    const one = await open();
    const other = tempFolder();
    const two = await openLinkIdentity({
      nodeId: 'b.2_x',
      folder: other.path,
      secrets: createSecrets(SECRET),
    });
    other.remove();
    expect(two.tls.ca).toBe(one.tls.ca);
    const authority = new X509Certificate(one.tls.ca);
    const certificate = new X509Certificate(two.tls.cert);
    expect(nodeOf(certificate)).toBe('b.2_x');
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect([authority.ca, certificate.ca]).toEqual([true, false]);
    const now = Date.now();
    expect(certificate.validFromDate.getTime()).toBeLessThan(now - DAY_MS);
    expect(certificate.validToDate.getTime()).toBeGreaterThan(now + 3_000 * DAY_MS);
  });

  it.skipIf(!hasOpenssl)('stands up to an independent look (needs the openssl command)', async () => {
    await open();
    for (const purpose of ['sslserver', 'sslclient']) {
      const file = (name: string): string => path.join(folder.path, name);
      const args = ['-x509_strict', '-purpose', purpose, '-CAfile', file('link-ca.crt'), file('link.crt')];
      const { stdout, stderr } = spawnSync('openssl', ['verify', ...args], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toContain('OK');
    }
  });

  it('is kept, with a key that only the owner reads', async () => {
    const first = await open();
    expect((await open()).tls).toEqual(first.tls);
    expect(statSync(path.join(folder.path, 'link.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(folder.path, 'link.crt'), 'utf8')).toBe(first.tls.cert);
  });

  it('is made again for another name, another secret, when it is old, and when it is damaged', async () => {
    let last = await open();
    const changed = async (next: ReturnType<typeof open>): Promise<boolean> => {
      const before = last;
      last = await next;
      return before.tls.cert !== last.tls.cert;
    };
    expect(await changed(open('node-2'))).toBe(true);
    expect(await changed(open('node-2', 'another secret of a cluster'))).toBe(true);
    expect(await changed(open('node-2', 'another secret of a cluster'))).toBe(false);
    const late = Date.now() + 3_400 * DAY_MS;
    expect(await changed(open('node-2', 'another secret of a cluster', late))).toBe(true);
    writeFileSync(path.join(folder.path, 'link.key'), 'nothing of that kind');
    expect(await changed(open('node-2', 'another secret of a cluster', late))).toBe(true);
  });

  it('names nobody by a certificate with several names', () => {
    expect(nodeOf({ subjectAltName: 'URI:urn:sightmesh:node:a, URI:urn:sightmesh:node:b' })).toBeUndefined();
    expect(nodeOf({ subjectAltName: 'DNS:a' })).toBeUndefined();
  });
});

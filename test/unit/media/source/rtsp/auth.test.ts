import { describe, expect, it } from 'vitest';
import { Authenticator, pickChallenge } from '../../../../../src/media/source/rtsp/auth.ts';

const answer = (challenge: string, credentials: { username: string; password: string }, nonce?: string) => {
  const picked = pickChallenge([challenge]);
  if (picked === undefined) throw new Error('no challenge');
  return new Authenticator(picked, credentials, () => nonce ?? 'own');
};
const response = (header: string) => /response="([^"]+)"/.exec(header)?.[1];

describe('authentication', () => {
  it('answers as RFC 2617 section 3.5 does', () => {
    const auth = answer(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
      { username: 'Mufasa', password: 'Circle Of Life' },
      '0a4f113b',
    );
    const header = auth.header('GET', '/dir/index.html');
    expect(response(header)).toBe('6629fae49393a05397450978507c4ef1');
    expect(header).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41"');
    expect(header).toContain('nc=00000001');
    expect(auth.header('GET', '/dir/index.html')).toContain('nc=00000002');
  });

  it.each([
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ])('answers as RFC 7616 section 3.9.1 does: %s', (algorithm, expected) => {
    const auth = answer(
      `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"`,
      { username: 'Mufasa', password: 'Circle of Life' },
      'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    );
    expect(response(auth.header('GET', '/dir/index.html'))).toBe(expected);
  });

  it('answers the old form without qop, and basic', () => {
    const digest = answer('Digest realm="r", nonce="n"', { username: 'u', password: 'p' });
    const header = digest.header('DESCRIBE', 'rtsp://a');
    expect(header).not.toMatch(/qop|cnonce|algorithm/);
    const basic = answer('Basic realm="r"', { username: 'u', password: 'ä:b' });
    expect(basic.header('DESCRIBE', 'rtsp://a')).toBe(`Basic ${Buffer.from('u:ä:b').toString('base64')}`);
  });

  it('escapes quotes in names', () => {
    const auth = answer('Digest realm="r", nonce="n"', { username: 'a"b\\c', password: 'p' });
    expect(auth.header('PLAY', 'x')).toContain('username="a\\"b\\\\c"');
  });

  it('picks the strongest that it can answer', () => {
    const basic = 'Basic realm="r"';
    const md5 = 'Digest realm="r", nonce="n"';
    const sha = 'Digest realm="r", nonce="n", algorithm=SHA-256';
    expect(pickChallenge([basic, md5, sha])).toMatchObject({ algorithm: 'SHA-256' });
    expect(pickChallenge([`${basic}, ${md5}`])).toMatchObject({ scheme: 'digest' });
    expect(pickChallenge([basic, 'Digest realm="r", nonce="n", algorithm=SHA-512'])).toMatchObject({
      scheme: 'basic',
    });
  });

  it.each([[], [''], ['Bearer x'], ['Digest realm="r"'], ['Digest realm="r", nonce="n", qop="auth-int"']])(
    'has no answer to %j',
    (...headers) => {
      expect(pickChallenge(headers)).toBeUndefined();
    },
  );
});

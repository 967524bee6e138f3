import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokens } from '../../../src/store/tokens.ts';

const claims = { session: 's1', user: 'ann' };
const soon = () => Date.now() + 60_000;

test('a token is verified by its own key only', async () => {
  const tokens = createTokens(randomBytes(32));
  const token = await tokens.sign(claims, soon());
  expect(await tokens.verify(token)).toEqual(claims);
  expect(await createTokens(randomBytes(32)).verify(token)).toBeUndefined();
});

test('expired, changed and unsigned tokens are refused', async () => {
  const tokens = createTokens(randomBytes(32));
  expect(await tokens.verify(await tokens.sign(claims, Date.now() - 5_000))).toBeUndefined();
  const [head = '', body = '', signature = ''] = (await tokens.sign(claims, soon())).split('.');
  const other = Buffer.from(JSON.stringify({ iss: 'sightmesh', sub: 'admin', jti: 's1' })).toString(
    'base64url',
  );
  expect(await tokens.verify(`${head}.${other}.${signature}`)).toBeUndefined();
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(await tokens.verify(`${none}.${body}.`)).toBeUndefined();
  expect(await tokens.verify('')).toBeUndefined();
  expect(await tokens.verify('a.b.c')).toBeUndefined();
});

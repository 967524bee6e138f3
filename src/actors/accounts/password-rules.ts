import { SightmeshError } from '../../contracts/errors.ts';

/** The most used ones among those that are long enough, from public lists of leaked passwords. */
const COMMON = new Set([
  ...['password', 'password1', 'password12', 'password123', 'passw0rd', 'p@ssw0rd', 'p@ssword'],
  ...['12345678', '123456789', '1234567890', '123123123', '987654321', '87654321', '11111111', '00000000'],
  ...['qwertyuiop', 'qwerty123', 'qwerty12', 'qwertyui', 'asdfghjkl', '1q2w3e4r', '1q2w3e4r5t', '1qaz2wsx'],
  ...['iloveyou', 'iloveyou1', 'sunshine', 'princess', 'football', 'baseball', 'superman', 'batman123'],
  ...['trustno1', 'whatever', 'starwars', 'computer', 'internet', 'welcome1', 'welcome123', 'letmein1'],
  ...['admin123', 'admin1234', 'admin12345', 'administrator', 'changeme', 'changeme1', 'default123'],
  ...['abcd1234', 'abc12345', 'abcdefgh', 'aa123456', 'a1234567', 'q1w2e3r4', 'zaq12wsx', 'michelle'],
  ...['camera123', 'security1', 'sightmesh', 'hikvision', 'hik12345', 'dahua123', 'operator1', 'viewer123'],
]);
const FEWEST_CHARACTERS = 4;

/** What is wrong with a new password, for a person; undefined when it will do. Its length is checked before. */
export function weaknessOf(password: string, user: string): string | undefined {
  const lower = password.toLowerCase();
  if (COMMON.has(lower)) return 'is one of the most used passwords';
  if (lower.replace(/[^a-z0-9]/g, '') === user.toLowerCase().replace(/[^a-z0-9]/g, ''))
    return 'must not be the user name';
  if (new Set(password).size < FEWEST_CHARACTERS) return 'repeats the same few characters';
  return undefined;
}

/** @throws SightmeshError `bad_request` */
export function refuseWeak(password: string, user: string): void {
  const message = weaknessOf(password, user);
  if (message === undefined) return;
  throw new SightmeshError('bad_request', `password: ${message}`, {
    errors: [{ path: 'password', message }],
  });
}

import { SightmeshError } from '../../contracts/errors.ts';

// eslint-disable-next-line no-control-regex -- these are what must not stand in a path
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/**
 * Refuses paths that mean something else to whoever reads them next: escapes that are none, control characters,
 * backslashes, and steps upward, encoded or not. Names may hold encoded slashes: their params decide.
 * @throws SightmeshError `bad_request`, `not_found` for an empty name between two slashes
 */
export function checkPath(url: string): void {
  const [path = ''] = url.split('?', 1);
  if (!path.startsWith('/')) throw new SightmeshError('bad_request', 'the path must begin with /');
  if (path.includes('//')) throw new SightmeshError('not_found');
  const decoded = decode(path);
  if (FORBIDDEN.test(decoded) || decoded.split('/').some((part) => part === '.' || part === '..'))
    throw new SightmeshError('bad_request', 'the path leads somewhere else');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new SightmeshError('bad_request', 'the path is not encoded as it should be');
  }
}

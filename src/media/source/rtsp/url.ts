import { SourceError } from '../../types.ts';

export interface RtspAddress {
  readonly host: string;
  readonly port: number;
  /** As it is put into requests: never with credentials. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

const DEFAULT_PORT = 554;

/**
 * Takes an `rtsp://` address apart.
 *
 * @throws SourceError `bad_url`; its message holds no credentials
 */
export function parseRtspUrl(text: string): RtspAddress {
  const match = /^rtsp:\/\/(?:([^/?#]*)@)?([^/?#@]*)([/?][^#]*)?(?:#.*)?$/i.exec(text.trim());
  if (match === null) throw new SourceError('bad_url', 'The address does not begin with rtsp:// and a host.');
  const [, userInfo, authority = '', path = '/'] = match;
  const place = /^(\[[0-9a-f:.%]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(authority);
  const host = place?.[1];
  const port = place?.[2] === undefined ? DEFAULT_PORT : Number(place[2]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new SourceError('bad_url', 'The address names no valid host and port.');
  }
  // eslint-disable-next-line no-control-regex -- exactly these would break a request apart
  if (/[\x00-\x20\x7f]/.test(path))
    throw new SourceError('bad_url', 'The address holds spaces or control characters.');
  const shown = port === DEFAULT_PORT ? host : `${host}:${String(port)}`;
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port,
    url: `rtsp://${shown}${path.startsWith('/') ? path : `/${path}`}`,
    ...credentials(userInfo),
  };
}

function credentials(userInfo: string | undefined): { username?: string; password?: string } {
  if (userInfo === undefined || userInfo === '') return {};
  const colon = userInfo.indexOf(':');
  if (colon < 0) return { username: decode(userInfo) };
  return { username: decode(userInfo.slice(0, colon)), password: decode(userInfo.slice(colon + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a track from `a=control` (RFC 2326 C.1.1). Cameras expect it appended to the base, query included,
 * rather than resolved as RFC 3986 would.
 */
export function controlUrl(base: string, control: string): string {
  if (control === '' || control === '*') return base;
  if (/^rtsp:\/\//i.test(control)) return control;
  return base.endsWith('/') ? base + control.replace(/^\//, '') : `${base}/${control.replace(/^\//, '')}`;
}

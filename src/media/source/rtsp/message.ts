/** An RTSP response (RFC 2326 7), or a request that the camera sends to us. */
export interface RtspMessage {
  /** 0 for a request. */
  readonly status: number;
  readonly reason: string;
  /** Empty for a response. */
  readonly method: string;
  /** By lower-case name; one string per line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export const MAX_HEAD = 32 * 1024;
export const MAX_BODY = 256 * 1024;
const MAX_HEADERS = 128;

/**
 * Reads everything up to the empty line.
 *
 * @throws RangeError when it is no RTSP message
 */
export function parseHead(head: string): Omit<RtspMessage, 'body'> & { contentLength: number } {
  const [first = '', ...lines] = head.split(/\r?\n/);
  const response = /^RTSP\/\d\.\d (\d{3})(?: (.*))?$/i.exec(first);
  const request = /^([A-Z_]{3,20}) \S+ RTSP\/\d\.\d$/.exec(first);
  if (response === null && request === null) throw new RangeError('not an RTSP message');
  if (lines.length > MAX_HEADERS) throw new RangeError('too many header lines');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const contentLength = Number(headers.get('content-length')?.[0] ?? 0);
  if (!Number.isInteger(contentLength) || contentLength < 0 || contentLength > MAX_BODY) {
    throw new RangeError('impossible Content-Length');
  }
  return {
    status: response === null ? 0 : Number(response[1]),
    reason: response?.[2] ?? '',
    method: request?.[1] ?? '',
    headers,
    contentLength,
  };
}

export const header = (message: RtspMessage, name: string): string | undefined =>
  message.headers.get(name)?.[0];

/** @param headers without CSeq; a value with a line break would be a programming error and is refused */
export function writeRequest(
  method: string,
  url: string,
  sequence: number,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${String(sequence)}`, 'User-Agent: Sightmesh'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (lines.some((line) => /[\r\n]/.test(line))) throw new TypeError('line break in an RTSP request');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

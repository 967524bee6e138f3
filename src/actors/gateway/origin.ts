import type { IncomingMessage } from 'node:http';
import { SightmeshError } from '../../contracts/errors.ts';

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.at(-1) : value;
};

/** Behind a trusted proxy the address that this proxy saw: the last one of X-Forwarded-For. */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? header(request, 'x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return forwarded ?? request.socket.remoteAddress ?? 'unknown';
}

export function isSecure(request: IncomingMessage, trustProxy: boolean): boolean {
  if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
  return trustProxy && header(request, 'x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https';
}

/**
 * Refuses what a browser sends on behalf of another site. Clients that are no browsers send neither header.
 * @throws SightmeshError `forbidden`
 */
export function refuseOtherSites(request: IncomingMessage, trustProxy: boolean): void {
  const site = header(request, 'sec-fetch-site');
  const origin = header(request, 'origin');
  const host = (trustProxy ? header(request, 'x-forwarded-host') : undefined) ?? header(request, 'host');
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (foreignSite || foreignOrigin)
    throw new SightmeshError('forbidden', 'the request comes from another site');
}

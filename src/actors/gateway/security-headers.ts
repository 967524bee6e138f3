import type { ServerResponse } from 'node:http';

/** For every answer. */
const COMMON: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
};

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Content Security Policy of the console. Styles are set inline by its component library, scripts never. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Content Security Policy of a page of ours that has one inline style, by the hash of it, and nothing else. */
export const pagePolicy = (styleHash: string): string =>
  `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export const commonHeaders = (): Record<string, string> => ({
  ...COMMON,
  'content-security-policy': API_POLICY,
});

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(commonHeaders())) response.setHeader(name, value);
}

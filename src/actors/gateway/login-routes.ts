import type { ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { errorCode, SightmeshError } from '../../contracts/errors.ts';
import { SESSION_COOKIE } from '../../contracts/openapi.ts';
import { Attempts } from './attempts.ts';

/** A user name is tried from many addresses by an attacker, but also mistyped from many: it may fail more often. */
const FAILURES_PER_USER = 5;

/** Who has one IPv6 address has the whole /64 of it. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':').toLowerCase();
}

/** Guards the check of passwords against guessing. */
export class PasswordGuard {
  readonly #attempts = new Attempts();
  readonly #perMinute: number;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** @throws SightmeshError `too_many_requests`; else what the check throws or returns */
  async run<T>(address: string, user: string, check: () => Promise<T>): Promise<T> {
    const keys = [
      [`address ${networkOf(address)}`, this.#perMinute],
      [`user ${user.toLowerCase()}`, this.#perMinute * FAILURES_PER_USER],
    ] as const;
    const taken: string[] = [];
    const giveBack = (): void => {
      for (const key of taken) this.#attempts.giveBack(key);
    };
    for (const [key, limit] of keys) {
      const waitMs = this.#attempts.take(key, limit, performance.now());
      if (waitMs > 0) {
        giveBack();
        throw new SightmeshError('too_many_requests', 'too many wrong passwords', {
          retryAfter: waitMs / 1000,
        });
      }
      taken.push(key);
    }
    try {
      const result = await check();
      giveBack();
      return result;
    } catch (error) {
      if (errorCode(error) !== 'login_failed') giveBack();
      throw error;
    }
  }
}

/** Not readable by scripts, not sent by other sites. */
export function setSessionCookie(
  response: ServerResponse,
  token: string,
  expires: Date,
  secure: boolean,
): void {
  response.setHeader('set-cookie', cookie(token, expires, secure));
}

export function clearSessionCookie(response: ServerResponse, secure: boolean): void {
  response.setHeader('set-cookie', cookie('', new Date(0), secure));
}

const cookie = (value: string, expires: Date, secure: boolean): string =>
  [
    `${SESSION_COOKIE}=${value}`,
    'Path=/',
    `Expires=${expires.toUTCString()}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ].join('; ');

import type { ServerResponse } from 'node:http';
import { errorCode, SightmeshError } from '../../contracts/errors.ts';
import { SESSION_COOKIE } from '../../contracts/openapi.ts';
import { Attempts } from './attempts.ts';

/** A user name is tried from many addresses by an attacker, but also mistyped from many: it may fail more often. */
const FAILURES_PER_USER = 5;

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
      [`address ${address}`, this.#perMinute],
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

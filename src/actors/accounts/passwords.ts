import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { Turns } from './turns.ts';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. */
const OPTIONS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashing occupies a thread of libuv, which files need too. */
const AT_ONCE = 2;
const MAY_WAIT = 100;

/** Hashes and checks passwords, a few at a time. */
export class Passwords {
  readonly #turns = new Turns(AT_ONCE, MAY_WAIT);
  #decoy: Promise<string> | undefined;

  /** PHC string. @throws SightmeshError `too_many_requests` */
  hash(password: string): Promise<string> {
    return this.#turns.run(() => argon2.hash(password, OPTIONS));
  }

  /** False for any password when there is no hash, in the same time. @throws SightmeshError `too_many_requests` */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    this.#decoy ??= argon2.hash(randomBytes(16), OPTIONS);
    const compared = hash ?? (await this.#decoy);
    const right = await this.#turns.run(() => argon2.verify(compared, password));
    return right && hash !== undefined;
  }
}

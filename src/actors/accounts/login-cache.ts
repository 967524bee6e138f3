import { createHash } from 'node:crypto';
import type { accounts } from '../../contracts/accounts.ts';
import type { ResultOf } from '../../contracts/define.ts';

export type Authenticated = ResultOf<typeof accounts.actions.authenticate>;

/** Milliseconds for which a login that was ended on another node may still count on this one. */
export const CACHE_MS = 2_000;
const MAX_ENTRIES = 10_000;

/** Remembers for a moment whom tokens belong to: pictures and fragments come many to a second. Holds no tokens. */
export class LoginCache {
  readonly #entries = new Map<string, { readonly result: Authenticated; readonly until: number }>();
  #generation = 0;

  /** What `look` finds, or found a moment ago. `now` in milliseconds, monotonic. */
  async get(token: string, now: number, look: () => Promise<Authenticated>): Promise<Authenticated> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#entries.get(key);
    if (known && known.until > now) return known.result;
    const generation = this.#generation;
    const result = await look();
    if (generation === this.#generation && result.caller !== null) {
      this.#entries.delete(key);
      this.#entries.set(key, { result, until: now + CACHE_MS });
      const [oldest] = this.#entries.keys();
      if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
    }
    return result;
  }

  /** A user or session changed: what is known, and what is being looked up right now, counts no more. */
  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
  }
}

import type { Login } from './access.ts';

/** Something that outlives its request: a stream of events, a socket, a viewing session. */
export interface LongLived {
  login: Login;
  /** Whether the login as it is now still covers it. */
  allowed(login: Login): boolean;
  /** The login has ended or no longer covers it. */
  end(): void;
}

export const CHECK_EVERY_MS = 10_000;
const MAX_PER_SESSION = 500;

/** Ends what outlives its request as soon as the login that opened it ends or loses the right. */
export class LoginWatch {
  readonly #items = new Set<LongLived>();
  readonly #loginOf: (token: string) => Promise<Login | undefined>;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(loginOf: (token: string) => Promise<Login | undefined>, onError: (error: unknown) => void) {
    this.#loginOf = loginOf;
    this.#onError = onError;
    this.#timer = setInterval(() => void this.check(), CHECK_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#items.size;
  }

  /** Returns what takes it off again. */
  add(item: LongLived): () => void {
    this.#items.add(item);
    const ofSession = Array.from(this.#items).filter(({ login }) => login.session === item.login.session);
    const oldest = ofSession[0];
    if (oldest && ofSession.length > MAX_PER_SESSION) this.#end(oldest);
    return () => void this.#items.delete(item);
  }

  /** Looks at every login once. When it cannot be looked up, nobody is judged. */
  async check(): Promise<void> {
    const byToken = Map.groupBy(this.#items, ({ login }) => login.token);
    for (const [token, items] of byToken) {
      try {
        const login = await this.#loginOf(token);
        for (const item of items) {
          if (!login || !item.allowed(login)) this.#end(item);
          else item.login = login;
        }
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #end(item: LongLived): void {
    if (this.#items.delete(item)) item.end();
  }

  /** Ends all. */
  close(): void {
    clearInterval(this.#timer);
    for (const item of this.#items) this.#end(item);
  }
}

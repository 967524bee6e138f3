import type { Engine } from './types.ts';

/** Milliseconds before a model that could not be loaded is tried again. */
const RETRY_MS = 60_000;

/** Loads an engine when it is first wanted, and again some time after a failure. */
export class EngineLoader {
  readonly #create: () => Promise<Engine>;
  readonly #now: () => number;
  #engine: Engine | undefined;
  #loading = false;
  #retryAt = Number.NEGATIVE_INFINITY;
  /** Why there is none; null while all is well. */
  problem: string | null = null;
  /** Called when the engine is there. */
  onReady: () => void = () => undefined;

  /** @param now milliseconds that never go back */
  constructor(create: () => Promise<Engine>, now: () => number) {
    this.#create = create;
    this.#now = now;
  }

  get engine(): Engine | undefined {
    return this.#engine;
  }

  want(): void {
    if (this.#engine !== undefined || this.#loading || this.#now() < this.#retryAt) return;
    this.#loading = true;
    this.#create().then(
      (engine) => {
        this.#loading = false;
        this.#engine = engine;
        this.problem = null;
        this.onReady();
      },
      (error: unknown) => {
        this.#loading = false;
        this.#retryAt = this.#now() + RETRY_MS;
        this.problem = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /** The engine failed: the next `want` makes another one, some time later. */
  failed(error: unknown): void {
    this.#engine?.close();
    this.#engine = undefined;
    this.#retryAt = this.#now() + RETRY_MS;
    this.problem = error instanceof Error ? error.message : String(error);
  }
}

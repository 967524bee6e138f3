import type { Timers } from '../../src/mesh/beat-runner.ts';
import type { Beat, Capacity } from '../../src/mesh/beats.ts';
import type { KeyValue, KeyValueChange, KeyValueEntry } from '../../src/mesh/types.ts';

/** Time that passes only when it is told to. */
export class ManualTimers implements Timers {
  #now = 0;
  #order = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const id = (this.#order += 1);
    this.#timers.set(id, { at: this.#now + ms, run });
    return () => this.#timers.delete(id);
  }

  /** Runs what is due in order, and lets promises settle between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const [first] = due.sort(([idA, a], [idB, b]) => a.at - b.at || idA - idB);
      if (first === undefined) break;
      const [id, { at, run }] = first;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      run();
    }
    this.#now = end;
  }
}

/** Lets promises that wait for nothing but each other settle. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A bucket that can stall: writes wait until it goes on. */
export class FakeBucket implements KeyValue {
  readonly #entries = new Map<string, KeyValueEntry>();
  readonly #watchers = new Set<(change: KeyValueChange) => void>();
  #revision = 0;
  #stall: PromiseWithResolvers<void> | undefined;
  /** While true changes are stored but nobody is told. */
  isMute = false;

  stall(): void {
    this.#stall ??= Promise.withResolvers();
  }

  goOn(): void {
    this.#stall?.resolve();
    this.#stall = undefined;
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  list(prefix: string): Promise<KeyValueEntry[]> {
    return Promise.resolve([...this.#entries.values()].filter(({ key }) => key.startsWith(prefix)));
  }

  async create(key: string, value: unknown): Promise<number | undefined> {
    return this.#entries.has(key) ? undefined : this.put(key, value);
  }

  async update(key: string, value: unknown, revision: number): Promise<number | undefined> {
    return this.#entries.get(key)?.revision === revision ? this.put(key, value) : undefined;
  }

  async put(key: string, value: unknown): Promise<number> {
    await this.#stall?.promise;
    const entry = { key, value, revision: (this.#revision += 1) };
    this.#entries.set(key, entry);
    this.#tell({ kind: 'put', entry });
    return entry.revision;
  }

  delete(key: string): Promise<boolean> {
    if (!this.#entries.delete(key)) return Promise.resolve(false);
    this.#tell({ kind: 'delete', key, revision: (this.#revision += 1) });
    return Promise.resolve(true);
  }

  watch(prefix: string, onChange: (change: KeyValueChange) => void): Promise<() => void> {
    for (const entry of this.#entries.values()) {
      if (entry.key.startsWith(prefix)) onChange({ kind: 'put', entry });
    }
    this.#watchers.add(onChange);
    return Promise.resolve(() => this.#watchers.delete(onChange));
  }

  /** Ends every watch without a word, as a broken one. */
  dropWatches(): void {
    this.#watchers.clear();
  }

  #tell(change: KeyValueChange): void {
    if (this.isMute) return;
    for (const watcher of this.#watchers) watcher(change);
  }
}

export const plenty: Capacity = {
  packets: 10_000,
  infoBytes: 500_000,
  diskBytes: 1e12,
  pictures: 100,
  gpu: false,
  reaches: ['*'],
};

export const ALL_ROLES = ['ingest', 'record', 'analyze', 'restream', 'gateway'];

export function nodeBeat(node: string, more: Partial<Beat> = {}): Beat {
  return {
    node,
    incarnation: `${node}-1`,
    count: 1,
    roles: ALL_ROLES,
    labels: {},
    host: `host-of-${node}`,
    version: '1',
    capacity: plenty,
    load: { cpu: 0.1, isOverloaded: false },
    isDraining: false,
    addresses: {},
    ...more,
  };
}

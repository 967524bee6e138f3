import type { KeyValueChange, KeyValueEntry } from './types.ts';

interface Watcher {
  readonly prefix: string;
  readonly onChange: (change: KeyValueChange) => void;
  /** Changes that came while the first entries were read; undefined afterwards. */
  pending: KeyValueChange[] | undefined;
}

/** Those who watch a bucket within this process. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();

  /** First what `list` reads, then what is told, in order. */
  async add(
    prefix: string,
    onChange: (change: KeyValueChange) => void,
    list: () => Promise<readonly KeyValueEntry[]>,
  ): Promise<() => void> {
    const watcher: Watcher = { prefix, onChange, pending: [] };
    this.#watchers.add(watcher);
    try {
      const entries = await list();
      for (const entry of entries) onChange({ kind: 'put', entry });
      const seen = Math.max(0, ...entries.map((entry) => entry.revision));
      const pending = watcher.pending ?? [];
      watcher.pending = undefined;
      for (const change of pending) if (revisionOf(change) > seen) onChange(change);
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    return () => this.#watchers.delete(watcher);
  }

  tell(change: KeyValueChange): void {
    const key = change.kind === 'put' ? change.entry.key : change.key;
    for (const watcher of this.#watchers) {
      if (!key.startsWith(watcher.prefix)) continue;
      if (watcher.pending === undefined) watcher.onChange(change);
      else watcher.pending.push(change);
    }
  }
}

const revisionOf = (change: KeyValueChange): number =>
  change.kind === 'put' ? change.entry.revision : change.revision;

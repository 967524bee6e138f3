import type { KeyValue, KeyValueChange, KeyValueEntry } from '../../mesh/types.ts';
import { Watchers } from '../../mesh/watchers.ts';
import type { KeyValueTable } from './protocol.ts';

/** One bucket in the catalog's file. Watchers see the changes of this process, the only one that has the file open. */
export class SqliteKeyValue implements KeyValue {
  readonly #table: KeyValueTable;
  readonly #bucket: string;
  readonly #watchers = new Watchers();

  constructor(table: KeyValueTable, bucket: string) {
    this.#table = table;
    this.#bucket = bucket;
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#table.get(this.#bucket, key);
  }

  list(prefix: string): Promise<KeyValueEntry[]> {
    return this.#table.list(this.#bucket, prefix);
  }

  async create(key: string, value: unknown): Promise<number | undefined> {
    return this.#written(key, value, await this.#table.create(this.#bucket, key, value));
  }

  async update(key: string, value: unknown, revision: number): Promise<number | undefined> {
    return this.#written(key, value, await this.#table.update(this.#bucket, key, value, revision));
  }

  async put(key: string, value: unknown): Promise<number> {
    const revision = await this.#table.put(this.#bucket, key, value);
    this.#written(key, value, revision);
    return revision;
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    const removed = await this.#table.delete(this.#bucket, key, revision);
    if (removed !== undefined) this.#watchers.tell({ kind: 'delete', key, revision: removed });
    return removed !== undefined;
  }

  watch(prefix: string, onChange: (change: KeyValueChange) => void): Promise<() => void> {
    return this.#watchers.add(prefix, onChange, () => this.list(prefix));
  }

  #written(key: string, value: unknown, revision: number | undefined): number | undefined {
    if (revision !== undefined) this.#watchers.tell({ kind: 'put', entry: { key, value, revision } });
    return revision;
  }
}

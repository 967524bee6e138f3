/** What the mesh needs from a coordination service. Values are plain JSON. */

export interface KeyValueEntry {
  readonly key: string;
  readonly value: unknown;
  /** Rises with every change in the bucket, never reused; what compare-and-set compares. */
  readonly revision: number;
}

export type KeyValueChange =
  | { readonly kind: 'put'; readonly entry: KeyValueEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number };

/** One bucket. Keys are made of names of `a-z A-Z 0-9 _ - =` with dots between them. */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Entries whose key begins with `prefix`, by key. */
  list(prefix: string): Promise<KeyValueEntry[]>;
  /** The new revision; undefined when the key exists. */
  create(key: string, value: unknown): Promise<number | undefined>;
  /** The new revision; undefined when the entry is gone or has another revision. */
  update(key: string, value: unknown, revision: number): Promise<number | undefined>;
  /** Writes whatever was there. Returns the new revision. */
  put(key: string, value: unknown): Promise<number>;
  /** False when it is gone already, or has another revision than the one named. */
  delete(key: string, revision?: number): Promise<boolean>;
  /**
   * First the entries that exist, then every change in order, until the returned function is called. A change that came
   * while the first entries were read is not missed; it may come twice.
   */
  watch(prefix: string, onChange: (change: KeyValueChange) => void): Promise<() => void>;
}

/** Structured logging: fields first, then one sentence. */
export interface MeshLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

import type { JobTable } from '../../jobs/embedded/table.ts';
import type { KeyValueEntry } from '../../mesh/types.ts';
import type { Store } from '../types.ts';

/** The same methods without promises: how the worker thread implements what the store promises. */
export type Sync<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

/** The key-value table, all buckets of it. */
export interface KeyValueTable {
  get(bucket: string, key: string): Promise<KeyValueEntry | undefined>;
  list(bucket: string, prefix: string): Promise<KeyValueEntry[]>;
  create(bucket: string, key: string, value: unknown): Promise<number | undefined>;
  update(bucket: string, key: string, value: unknown, revision: number): Promise<number | undefined>;
  put(bucket: string, key: string, value: unknown): Promise<number>;
  /** The revision of the removal; undefined when nothing was removed. */
  delete(bucket: string, key: string, revision: number | undefined): Promise<number | undefined>;
}

export type Repositories = Omit<Store, 'close'> & {
  readonly keyValue: KeyValueTable;
  readonly jobs: JobTable;
};
export type RepositoryName = keyof Repositories;
export type Backend = { readonly [K in RepositoryName]: Sync<Repositories[K]> } & { close(): void };

/** What may be called in the worker. */
export const METHODS = {
  cameras: ['list', 'get', 'insert', 'update', 'remove'],
  users: ['list', 'get', 'insert', 'update', 'remove'],
  sessions: ['insert', 'get', 'remove', 'removeOfUser', 'removeExpired'],
  segments: ['save', 'replace', 'get', 'find', 'remove', 'oldest', 'usage'],
  outages: ['save', 'find', 'removeBefore'],
  wanted: ['save', 'find', 'removeBefore'],
  events: ['save', 'get', 'find', 'edit', 'removeBefore'],
  volumes: ['list', 'get', 'save', 'remove'],
  audit: ['add', 'list', 'removeBefore'],
  settings: ['get', 'set', 'setIfAbsent', 'remove'],
  nodes: ['list', 'get', 'save', 'remove'],
  journal: ['cursor', 'apply'],
  jobs: ['insert', 'get', 'list', 'take', 'renew', 'progress', 'finish', 'cancel', 'remove', 'trim'],
  keyValue: ['get', 'list', 'create', 'update', 'put', 'delete'],
} as const satisfies { readonly [K in RepositoryName]: readonly (keyof Repositories[K])[] };

export interface WorkerRequest {
  readonly id: number;
  readonly repository: RepositoryName | 'close';
  readonly method: string;
  readonly args: readonly unknown[];
}

export type WorkerResponse =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string };

/** Answer to opening, before any other: id 0. */
export const OPENED = 0;

import { Worker } from 'node:worker_threads';
import type { JobTable } from '../../jobs/embedded/table.ts';
import type { KeyValue } from '../../mesh/types.ts';
import type { Store } from '../types.ts';
import { SqliteKeyValue } from './bucket.ts';
import {
  METHODS,
  OPENED,
  type Repositories,
  type RepositoryName,
  type WorkerRequest,
  type WorkerResponse,
} from './protocol.ts';

export interface SqliteStore extends Store {
  /** A bucket of the coordination service of a node that is alone; the same name gives the same bucket. */
  keyValue(bucket: string): KeyValue;
  /** What the embedded job queue stands on. */
  readonly jobs: JobTable;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens or makes the catalog in `path` (`:memory:` for one that is gone at the end). SQLite runs in a thread of its own.
 * @throws Error when the file cannot be opened, is damaged, or was written by a newer version.
 */
export async function openSqliteStore(path: string): Promise<SqliteStore> {
  const connection = new Connection(path);
  await connection.opened;
  const repositories = Object.fromEntries(
    Object.entries(METHODS).map(([name, methods]) => [
      name,
      Object.fromEntries(
        methods.map((method) => [
          method,
          (...args: unknown[]) => connection.call(name as RepositoryName, method, args),
        ]),
      ),
    ]),
  ) as unknown as Repositories;
  const { keyValue: table, ...store } = repositories;
  const buckets = new Map<string, SqliteKeyValue>();
  return {
    ...store,
    keyValue: (name) => {
      let bucket = buckets.get(name);
      if (bucket === undefined) buckets.set(name, (bucket = new SqliteKeyValue(table, name)));
      return bucket;
    },
    close: () => connection.close(),
  };
}

/** Requests to the worker thread, answered in the order in which they were made. */
class Connection {
  readonly opened: Promise<unknown>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = OPENED;
  #closed: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./sqlite.worker.ts', import.meta.url), {
      workerData: { path },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.opened = new Promise((resolve, reject) => this.#waiting.set(OPENED, { resolve, reject }));
    this.#worker.on('message', (response: WorkerResponse) => {
      this.#settle(response);
    });
    this.#worker.on('error', (error) => {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    this.#worker.on('exit', () => {
      this.#fail(new Error('the catalog is closed'));
    });
  }

  call(repository: RepositoryName | 'close', method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#worker.postMessage({ id, repository, method, args } satisfies WorkerRequest);
      } catch (error) {
        this.#waiting.delete(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const exit = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    const closing = this.call('close', '', []).catch(() => undefined);
    this.#failure = new Error('the catalog is closed');
    await closing;
    await exit;
  }

  #settle(response: WorkerResponse): void {
    const waiting = this.#waiting.get(response.id);
    if (waiting === undefined) return;
    this.#waiting.delete(response.id);
    if ('error' in response) waiting.reject(new Error(response.error));
    else waiting.resolve(response.result);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Db, MongoClient, type TopologyDescription } from 'mongodb';
import { StoreUnavailableError } from '../errors.ts';
import { databaseOf, Failures } from './failures.ts';
import { migrate } from './migrations.ts';
import { standingWarning } from './standing.ts';

export interface MongoStoreOptions {
  /** Default: the one that the connection string names, else `sightmesh`. */
  readonly database?: string;
  /**
   * When the server does not answer at the start: `refuse` to open, or `wait`, so that calls reject until it is there.
   * Default `refuse`.
   */
  readonly whenAway?: 'refuse' | 'wait';
  /** Longest time of one call, milliseconds. Default 15,000. */
  readonly deadlineMs?: number;
  /** A sentence on what the way in which the server is set up puts at risk. */
  readonly onWarning?: (warning: string) => void;
  /** A sentence when no server takes writes, null when one does again. */
  readonly onProblem?: (problem: string | null) => void;
}

const DATABASE = 'sightmesh';
const DEADLINE_MS = 15_000;
const WRITABLE = new Set<string>(['Standalone', 'RSPrimary', 'Mongos', 'LoadBalancer']);

/** One client for all repositories: reconnects by itself, gives every call a deadline, translates what goes wrong. */
export class Connection {
  readonly database: Db;
  readonly #client: MongoClient;
  readonly #options: MongoStoreOptions;
  readonly #failures: Failures;
  readonly #running = new Set<Promise<unknown>>();
  #topology: TopologyDescription | undefined;
  #writable = false;
  #problem: string | null = null;
  #ready: Promise<void> | undefined;
  #prepared = false;
  #closed: Promise<void> | undefined;

  /** @throws Error when the connection string is not one. */
  constructor(url: string, options: MongoStoreOptions) {
    const name = options.database ?? databaseOf(url) ?? DATABASE;
    this.#options = options;
    this.#failures = new Failures(url, name);
    this.#client = this.#makeClient(url, options.deadlineMs ?? DEADLINE_MS);
    this.database = this.#client.db(name);
    this.#client.on('topologyDescriptionChanged', ({ newDescription }) => this.#look(newDescription));
  }

  /** Connects, brings the indexes up to date and warns; again with each call until it succeeds. */
  ready(): Promise<void> {
    if (this.#ready === undefined) {
      this.#ready = this.#prepare();
      this.#ready.catch(() => {
        this.#ready = undefined;
        if (!this.#writable && this.#closed === undefined) this.#tellAway();
      });
    }
    return this.#ready;
  }

  /** @throws StoreUnavailableError, or Error with a sentence, when `work` fails or takes too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new Error('the catalog is closed');
    const running = this.#inTime(async () => {
      if (!this.#prepared) await this.ready();
      return work();
    });
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.#failures.translate(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Idempotent. What was asked before is answered first. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#client.close());
    return this.#closed;
  }

  #makeClient(url: string, deadlineMs: number): MongoClient {
    const selectionMs = Math.ceil(deadlineMs / 3);
    try {
      return new MongoClient(url, {
        appName: 'sightmesh',
        ignoreUndefined: true,
        readPreference: 'primary',
        readConcern: { level: 'majority' },
        writeConcern: { w: 'majority', journal: true, wtimeoutMS: selectionMs },
        serverSelectionTimeoutMS: selectionMs,
        connectTimeoutMS: selectionMs,
        waitQueueTimeoutMS: selectionMs,
        socketTimeoutMS: deadlineMs,
        heartbeatFrequencyMS: 2_000,
        maxPoolSize: 20,
      });
    } catch (error) {
      throw this.#failures.invalid(error);
    }
  }

  async #prepare(): Promise<void> {
    await this.#client.connect();
    await this.#client.db('admin').command({ ping: 1 });
    await migrate(this.database);
    this.#prepared = true;
    const warning = this.#topology && standingWarning(this.#topology, this.#failures.where);
    if (warning !== undefined) this.#options.onWarning?.(warning);
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    const deadlineMs = this.#options.deadlineMs ?? DEADLINE_MS;
    const timer = new AbortController();
    const late = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
      const seconds = String(deadlineMs / 1000);
      throw new StoreUnavailableError(
        `MongoDB at ${this.#failures.where} did not answer within ${seconds} s`,
      );
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      late.catch(() => undefined);
      timer.abort();
    }
  }

  #look(topology: TopologyDescription): void {
    this.#topology = topology;
    if (this.#closed !== undefined) return;
    this.#writable = [...topology.servers.values()].some(({ type }) => WRITABLE.has(type));
    if (this.#writable) this.#tell(null);
    else if (this.#prepared) this.#tellAway();
  }

  #tellAway(): void {
    this.#tell(`no MongoDB server at ${this.#failures.where} takes writes: changes wait, recording goes on`);
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }
}

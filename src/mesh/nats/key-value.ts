import { Empty, Events, headers, type JetStreamManager, type NatsConnection } from 'nats';
import type { KeyValue, KeyValueChange, KeyValueEntry, MeshLog } from '../types.ts';
import { type BucketOptions, ensureBucket, jetStreamManager } from './buckets.ts';
import { decoded, Feed, type FeedEvents } from './feed.ts';
import { API, apiCode, clientCode, explained } from './problem.ts';
import { NatsWatch } from './watch.ts';

const ANSWER_MS = 5_000;
const VALID_KEY = /^[-\w=]+(\.[-\w=]+)*$/;

export interface NatsBucket extends KeyValue {
  /** Servers that keep a copy. */
  readonly replicas: number;
  /** Ends the watches; the connection stays. Idempotent. */
  close(): void;
}

/**
 * A bucket in NATS JetStream. A write that was not answered rejects: whether it happened is known by reading again.
 * @throws NatsProblem that says what to do
 */
export async function openNatsBucket(
  connection: NatsConnection,
  name: string,
  options: BucketOptions,
  log: MeshLog,
): Promise<NatsBucket> {
  const manager = await jetStreamManager(connection);
  const replicas = await ensureBucket(connection, manager, name, options, log);
  return new NatsKeyValue({ connection, manager, name, options, log }, replicas);
}

interface Parts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly name: string;
  readonly options: BucketOptions;
  readonly log: MeshLog;
}

class NatsKeyValue implements NatsBucket {
  readonly replicas: number;
  readonly #parts: Parts;
  readonly #watches = new Set<NatsWatch>();
  #making: Promise<unknown> | undefined;
  #isAway = false;

  constructor(parts: Parts, replicas: number) {
    this.#parts = parts;
    this.replicas = replicas;
    void this.#follow();
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const last = await this.#last(key);
    return last.value === undefined ? undefined : { key, value: last.value, revision: last.revision };
  }

  async list(prefix: string): Promise<KeyValueEntry[]> {
    const entries = new Map<string, KeyValueEntry>();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    // It may break before anybody waits for it.
    promise.catch(() => undefined);
    const feed = await this.#feed(prefix, {
      onChange: (change) => keep(entries, change),
      onWhole: () => resolve(undefined),
      onBroken: reject,
    });
    try {
      await promise;
    } finally {
      feed.close();
    }
    return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async create(key: string, value: unknown): Promise<number | undefined> {
    for (;;) {
      const last = await this.#last(key);
      if (last.value !== undefined) return undefined;
      const revision = await this.#write(key, value, last.revision);
      if (revision !== undefined) return revision;
    }
  }

  async update(key: string, value: unknown, revision: number): Promise<number | undefined> {
    if (!Number.isSafeInteger(revision) || revision <= 0) return undefined;
    return this.#write(key, value, revision);
  }

  async put(key: string, value: unknown): Promise<number> {
    const revision = await this.#write(key, value, undefined);
    if (revision === undefined) throw new Error('NATS refused a write without a condition');
    return revision;
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    for (;;) {
      const last = await this.#last(key);
      if (last.value === undefined || (revision !== undefined && last.revision !== revision)) return false;
      if ((await this.#write(key, undefined, last.revision)) !== undefined) return true;
    }
  }

  async watch(prefix: string, onChange: (change: KeyValueChange) => void): Promise<() => void> {
    const watch = new NatsWatch({
      onChange,
      open: (events) => this.#feed(prefix, events),
      log: this.#parts.log,
    });
    this.#watches.add(watch);
    try {
      await watch.start();
    } catch (error) {
      watch.stop();
      throw error;
    }
    return () => {
      watch.stop();
      this.#watches.delete(watch);
    };
  }

  close(): void {
    for (const watch of this.#watches) watch.stop();
    this.#watches.clear();
  }

  /** Entries of other keys that share the first names of the prefix are left out here. */
  #feed(prefix: string, events: FeedEvents): Promise<Feed> {
    const names = prefix.split('.').slice(0, -1);
    const filter = [...names, '>'].join('.');
    return this.#withBucket(() =>
      Feed.open(this.#parts, filter, {
        ...events,
        onChange: (change, written) => {
          const key = change.kind === 'put' ? change.entry.key : change.key;
          if (key.startsWith(prefix)) events.onChange(change, written);
        },
      }),
    );
  }

  /** What was written last: undefined and the revision of the removal, or 0, when there is no entry. */
  async #last(key: string): Promise<{ readonly value: unknown; readonly revision: number }> {
    const { manager, name } = this.#parts;
    if (!VALID_KEY.test(key)) throw new RangeError(`not a key: ${key}`);
    try {
      const message = await this.#withBucket(() =>
        manager.streams.getMessage(`KV_${name}`, { last_by_subj: `$KV.${name}.${key}` }),
      );
      const isRemoval = (message.header.get('KV-Operation') || '') !== '';
      return { value: isRemoval ? undefined : decoded(message), revision: message.seq };
    } catch (error) {
      if (clientCode(error) === '404') return { value: undefined, revision: 0 };
      throw error;
    }
  }

  /** Undefined removes. `previous` is what the revision must be; 0 when nothing may be there. */
  async #write(key: string, value: unknown, previous: number | undefined): Promise<number | undefined> {
    const { connection, name } = this.#parts;
    if (!VALID_KEY.test(key)) throw new RangeError(`not a key: ${key}`);
    const head = headers();
    if (value === undefined) head.set('KV-Operation', 'DEL');
    if (previous !== undefined) head.set('Nats-Expected-Last-Subject-Sequence', String(previous));
    const data = value === undefined ? Empty : Buffer.from(JSON.stringify(value));
    try {
      const { seq } = await this.#withBucket(() =>
        connection
          .jetstream({ timeout: ANSWER_MS })
          .publish(`$KV.${name}.${key}`, data, { headers: head, timeout: ANSWER_MS }),
      );
      return seq;
    } catch (error) {
      if ((API.wrongRevision as readonly number[]).includes(apiCode(error) ?? 0)) return undefined;
      throw error;
    }
  }

  /** Once more after the bucket was made again, when it is missing. @throws NatsProblem or what NATS answers */
  async #withBucket<T>(ask: () => Promise<T>): Promise<T> {
    const { connection, manager, name, options, log } = this.#parts;
    // The client would keep what is asked and send it much later, when nobody waits for the answer.
    if (this.#isAway) throw new Error('NATS is away');
    try {
      return await ask();
    } catch (error) {
      // 503: nobody takes the subject of the bucket.
      if (apiCode(error) !== API.bucketMissing && clientCode(error) !== '503') throw explained(error);
      this.#making ??= ensureBucket(connection, manager, name, options, log).finally(
        () => (this.#making = undefined),
      );
      await this.#making;
      return ask();
    }
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#parts.connection.status()) {
      if (type === Events.Disconnect) this.#isAway = true;
      else if (type === Events.Reconnect) this.#isAway = false;
    }
  }
}

function keep(entries: Map<string, KeyValueEntry>, change: KeyValueChange): void {
  if (change.kind === 'put') entries.set(change.entry.key, change.entry);
  else entries.delete(change.key);
}

import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  type JetStreamManager,
  type Msg,
  nanos,
  type NatsConnection,
} from 'nats';
import type { KeyValueChange } from '../types.ts';

const HEARTBEAT_MS = 1_000;
const FIRST_MS = 5_000;

export interface FeedSource {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Of the bucket. */
  readonly name: string;
}

export interface FeedEvents {
  /** `written` is one write's alone, also where a bucket that was made again counts its revisions anew. */
  onChange(change: KeyValueChange, written: string): void;
  /** The changes so far were the bucket as it was; what comes now is new. */
  onWhole(): void;
  /** The feed has ended by itself and may have missed something. At most once. */
  onBroken(error: Error): void;
}

/**
 * The newest change of each key of a bucket, then every further one in order: one JetStream push consumer, which is
 * thrown away when anything is odd about it.
 */
export class Feed {
  readonly #events: FeedEvents;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => undefined;
  #delivered = 0;
  #expected: number | undefined;
  #isWhole = false;
  #ended = false;
  readonly #prefixLength: number;

  private constructor(bucket: string, events: FeedEvents) {
    this.#events = events;
    this.#prefixLength = `$KV.${bucket}.`.length;
  }

  /** `filter` as in NATS: `>` for all keys, `recorder.>` for some. @throws what JetStream answers */
  static async open(
    { connection, manager, name }: FeedSource,
    filter: string,
    events: FeedEvents,
  ): Promise<Feed> {
    const feed = new Feed(name, events);
    const inbox = createInbox();
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => feed.#take(error, message),
    });
    feed.#unsubscribe = () => subscription.unsubscribe();
    feed.#arm(FIRST_MS);
    try {
      const { num_pending: pending, delivered } = await manager.consumers.add(`KV_${name}`, {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- the library wants pull consumers, which cannot tell that they are idle
        deliver_subject: inbox,
        deliver_policy: DeliverPolicy.LastPerSubject,
        ack_policy: AckPolicy.None,
        filter_subject: `$KV.${name}.${filter}`,
        idle_heartbeat: nanos(HEARTBEAT_MS),
        inactive_threshold: nanos(5_000),
        mem_storage: true,
        num_replicas: 1,
      });
      feed.#expected = pending + delivered.consumer_seq;
      if (feed.#delivered >= feed.#expected) feed.#whole();
      return feed;
    } catch (error) {
      feed.close();
      throw error;
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #take(error: Error | null, message: Msg): void {
    if (this.#ended) return;
    const position = error === null ? positionOf(message.reply ?? '') : undefined;
    if (error !== null) this.#break(error);
    else if (message.headers?.code === 100) this.#heartbeat(message);
    else if (position?.delivery !== this.#delivered + 1) this.#break(new Error('a change was missed'));
    else this.#deliver(message, position);
  }

  #deliver(message: Msg, position: Position): void {
    this.#delivered += 1;
    this.#arm(this.#isWhole ? 2.5 * HEARTBEAT_MS : FIRST_MS);
    this.#events.onChange(
      changeOf(message, message.subject.slice(this.#prefixLength), position.revision),
      position.written,
    );
    const isLast =
      position.pending === 0 || (this.#expected !== undefined && this.#delivered >= this.#expected);
    if (isLast) this.#whole();
  }

  #heartbeat(message: Msg): void {
    const last = Number(message.headers?.get('Nats-Last-Consumer') ?? 0);
    if (last !== this.#delivered) this.#break(new Error('a change was missed'));
    else this.#arm(2.5 * HEARTBEAT_MS);
  }

  #whole(): void {
    if (this.#isWhole || this.#ended) return;
    this.#isWhole = true;
    this.#arm(2.5 * HEARTBEAT_MS);
    this.#events.onWhole();
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#break(new Error('the feed has gone silent')), ms);
  }

  #break(error: Error): void {
    if (this.#ended) return;
    this.close();
    this.#events.onBroken(error);
  }
}

interface Position {
  readonly revision: number;
  readonly delivery: number;
  readonly pending: number;
  readonly written: string;
}

/** Of a delivery's reply subject: `$JS.ACK.[domain.account.]stream.consumer.n.revision.delivery.time.pending[.token]`. */
function positionOf(reply: string): Position | undefined {
  const tokens = reply.split('.');
  if (tokens.length < 9 || tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const at = tokens.length === 9 ? 5 : 7;
  const [revision, delivery, , pending] = tokens.slice(at, at + 4).map(Number);
  if (revision === undefined || delivery === undefined || pending === undefined) return undefined;
  return { revision, delivery, pending, written: `${tokens[at] ?? ''}@${tokens[at + 2] ?? ''}` };
}

function changeOf(message: Msg, key: string, revision: number): KeyValueChange {
  const operation = message.headers?.get('KV-Operation') ?? '';
  if (operation === 'DEL' || operation === 'PURGE') return { kind: 'delete', key, revision };
  const value = decoded(message);
  return value === undefined
    ? { kind: 'delete', key, revision }
    : { kind: 'put', entry: { key, value, revision } };
}

/** What a message holds; undefined when it is no JSON: then somebody else wrote it, and it counts as nothing. */
export function decoded(message: { json(): unknown }): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

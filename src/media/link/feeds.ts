import type { Hub } from '../hub/hub.ts';
import type { Source } from '../types.ts';
import type { LinkClient, LinkTarget } from './client.ts';
import { LinkSource } from './source.ts';

/** Keeps a hub fed by sources that are made again when they end. */
export interface Feeder {
  /** Drops the present source and makes another one at once. */
  reconnect(): void;
  stop(): Promise<void>;
}

export interface LinkFeedsOptions {
  readonly client: Pick<LinkClient, 'openHub'>;
  readonly hubs: { ensure(camera: string, stream: string): Hub };
  /** Where a stream comes from now: another node, this one (`here`), or nobody knows. */
  readonly locate: (camera: string, stream: string) => LinkTarget | 'here' | undefined;
  /** Starts to feed a hub; the pauses between two tries are its own affair. */
  readonly feed: (hub: Hub, makeSource: () => Source) => Feeder;
}

/** Somebody on this node wants a stream. */
export interface LinkHold {
  readonly hub: Hub;
  /** Idempotent. */
  release(): void;
}

interface Feed {
  readonly camera: string;
  readonly stream: string;
  readonly hub: Hub;
  readonly holds: Set<LinkHold>;
  target?: LinkTarget;
  feeder?: Feeder;
}

/**
 * Feeds the hubs of this node from those of others, while somebody here wants them: one link for each stream, however
 * many readers its hub has. Streams whose camera is here are left alone.
 */
export class LinkFeeds {
  readonly #options: LinkFeedsOptions;
  readonly #feeds = new Map<string, Feed>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(options: LinkFeedsOptions) {
    this.#options = options;
  }

  hold(camera: string, stream: string): LinkHold {
    const key = `${camera}/${stream}`;
    let feed = this.#feeds.get(key);
    if (feed === undefined) {
      feed = { camera, stream, hub: this.#options.hubs.ensure(camera, stream), holds: new Set() };
      this.#feeds.set(key, feed);
      this.#settle(feed);
    }
    const { hub, holds } = feed;
    const hold: LinkHold = {
      hub,
      release: () => {
        if (!holds.delete(hold) || holds.size > 0) return;
        if (this.#feeds.get(key)?.holds === holds) this.#feeds.delete(key);
        this.#stop(feed);
      },
    };
    holds.add(hold);
    return hold;
  }

  /** Looks again where the streams come from: after the owner of a camera, or the address of a node, has changed. */
  relocate(): void {
    for (const feed of this.#feeds.values()) this.#settle(feed);
  }

  /** The streams that come by a link now, and from which node. */
  get links(): readonly { readonly camera: string; readonly stream: string; readonly node: string }[] {
    return [...this.#feeds.values()].flatMap(({ camera, stream, target }) =>
      target === undefined ? [] : [{ camera, stream, node: target.node }],
    );
  }

  /** Idempotent. Resolves when all links are closed. */
  async close(): Promise<void> {
    for (const feed of this.#feeds.values()) this.#stop(feed);
    this.#feeds.clear();
    await Promise.all(this.#stopping);
  }

  #settle(feed: Feed): void {
    const { camera, stream, hub } = feed;
    const where = this.#options.locate(camera, stream);
    if (where === undefined || where === 'here') {
      this.#stop(feed);
      return;
    }
    const before = feed.target;
    feed.target = where;
    if (feed.feeder === undefined) {
      const { client } = this.#options;
      const make = (): Source => new LinkSource({ client, target: feed.target ?? where, camera, stream });
      feed.feeder = this.#options.feed(hub, make);
    } else if (before === undefined || !sameTarget(before, where)) feed.feeder.reconnect();
  }

  #stop(feed: Feed): void {
    const stopped = feed.feeder?.stop();
    delete feed.feeder;
    delete feed.target;
    if (stopped === undefined) return;
    const kept = stopped.finally(() => this.#stopping.delete(kept));
    this.#stopping.add(kept);
  }
}

const sameTarget = (a: LinkTarget, b: LinkTarget): boolean =>
  a.node === b.node && a.host === b.host && a.port === b.port;

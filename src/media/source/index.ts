import { type Clock, nodeClock } from '../timeline.ts';
import { type Source, SourceError } from '../types.ts';
import type { SourceKind, SourceRequest } from './base.ts';
import { rtspKind } from './rtsp/kind.ts';
import { TestKind } from './test/kind.ts';

export type { SourceKind, SourceRequest } from './base.ts';

/** Makes sources by the scheme of their address. One for each node: test cameras share its child process. */
export class Sources {
  readonly #clock: Clock;
  readonly #kinds: Readonly<Record<string, SourceKind>>;

  constructor(
    clock: Clock = nodeClock,
    kinds: Readonly<Record<string, SourceKind>> = { rtsp: rtspKind, test: new TestKind() },
  ) {
    this.#clock = clock;
    this.#kinds = kinds;
  }

  /** @throws SourceError `bad_url`, without credentials in its message */
  make(request: SourceRequest): Source {
    const scheme = (/^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(request.url)?.[1] ?? '').toLowerCase();
    const kind = Object.hasOwn(this.#kinds, scheme) ? this.#kinds[scheme] : undefined;
    if (kind === undefined) {
      const known = Object.keys(this.#kinds).map((name) => `${name}://`);
      const got = scheme === '' ? 'has no scheme' : `begins with ${scheme}://`;
      throw new SourceError('bad_url', `The address ${got}; it must begin with ${known.join(' or ')}.`);
    }
    return kind.make(request, this.#clock);
  }

  /** Idempotent. Ends the child processes that sources share. */
  close(): void {
    for (const kind of Object.values(this.#kinds)) kind.close();
  }
}

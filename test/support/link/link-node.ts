import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Hub } from '../../../src/media/hub/hub.ts';
import { LinkClient, type LinkTarget } from '../../../src/media/link/client.ts';
import { type LinkIdentity, openLinkIdentity } from '../../../src/media/link/identity.ts';
import { LinkSource } from '../../../src/media/link/source.ts';
import type { Packet, StreamHeader } from '../../../src/media/types.ts';
import { createSecrets } from '../../../src/store/secrets.ts';
import type { ChildOrder, ChildStats } from './link-frames.ts';

export const SECRET = 'the secret of this cluster';

export interface Folder {
  readonly path: string;
  remove(): void;
}

export function tempFolder(): Folder {
  const folder = mkdtempSync(path.join(tmpdir(), 'link-'));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function identityOf(nodeId: string, secret = SECRET, now?: () => number): Promise<LinkIdentity> {
  const folder = tempFolder();
  try {
    return await openLinkIdentity({
      nodeId,
      folder: folder.path,
      secrets: createSecrets(secret),
      ...(now === undefined ? {} : { now }),
    });
  } finally {
    folder.remove();
  }
}

/** Another process that serves links. */
export class LinkNode {
  readonly #child: ChildProcess;
  readonly #folder: Folder;
  readonly target: LinkTarget;

  private constructor(child: ChildProcess, folder: Folder, target: LinkTarget) {
    this.#child = child;
    this.#folder = folder;
    this.target = target;
  }

  static async start(cameras = 1, node = 'far'): Promise<LinkNode> {
    const folder = tempFolder();
    const child = fork(path.join(import.meta.dirname, 'link-node.worker.ts'), [
      folder.path,
      node,
      SECRET,
      String(cameras),
    ]);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new LinkNode(child, folder, { node, host: '127.0.0.1', port });
  }

  tell(order: ChildOrder): void {
    this.#child.send(order);
  }

  async stats(): Promise<ChildStats> {
    const answer = once(this.#child, 'message');
    this.tell({ kind: 'stats' });
    const [stats] = (await answer) as [ChildStats];
    return stats;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    this.#folder.remove();
  }
}

/** One link and what came by it into a hub. */
export class LinkReader {
  readonly client: LinkClient;
  readonly hub: Hub;
  readonly headers: StreamHeader[] = [];
  readonly packets: Packet[] = [];
  readonly source: LinkSource;
  /** Settles with the error with which the source ended; undefined when it was closed. */
  readonly ended: Promise<unknown>;

  constructor(identity: LinkIdentity, target: LinkTarget, camera = 'cam0') {
    this.client = new LinkClient(identity);
    this.hub = new Hub(`${camera}/main`);
    this.source = new LinkSource({ client: this.client, target, camera, stream: 'main' });
    this.hub.read(
      { name: 'test' },
      {
        header: (header) => void this.headers.push(header),
        packets: (batch) => void this.packets.push(...batch),
      },
    );
    const sink = this.hub.open();
    this.ended = this.source
      .run(sink)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .finally(() => sink.end());
  }

  close(): Promise<unknown> {
    this.source.close();
    this.client.close();
    return this.ended;
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { CoverageBook } from '../../../src/archive/coverage-book.ts';
import { ArchivePlayer } from '../../../src/archive/player.ts';
import { type VolumeSpace, volumeSpace } from '../../../src/archive/volume.ts';
import { VolumeSet } from '../../../src/archive/volume-set.ts';
import { HubRegistry } from '../../../src/media/hub/registry.ts';
import type { SourceSink, Track } from '../../../src/media/types.ts';
import type { Logger } from '../../../src/mixins/health.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { videoFrame, videoTrack } from '../media/video-frames.ts';

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface ArchiveNodeOptions {
  readonly folder?: string;
  readonly volumes?: readonly string[];
  readonly keepFree?: number;
  readonly space?: (path: string) => Promise<VolumeSpace>;
  readonly checkMs?: number;
}

/** What recorder and archive need of a node, on a store, a journal and volumes of its own. */
export async function archiveNode(options: ArchiveNodeOptions = {}) {
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), 'archive-')));
  const store = await openSqliteStore(path.join(folder, 'catalog.db'));
  const journal = await openJournal({ folder: path.join(folder, 'journal'), node: 'n', sink: store.journal });
  const broker = new ServiceBroker({ nodeID: 'n', logger: false });
  const clock = { now: () => Date.now() };
  const volumes = await VolumeSet.open({
    volumes: (options.volumes ?? [path.join(folder, 'archive')]).map((root) => ({
      path: root,
      tier: 'hot' as const,
      keepFree: options.keepFree ?? 0,
    })),
    nodeId: 'n',
    store,
    log: quiet,
    space: options.space ?? volumeSpace,
    checkMs: options.checkMs ?? 5_000,
  });
  const parts = {
    log: quiet,
    nodeId: 'n',
    store,
    journal,
    broker,
    clock,
    volumes,
    hubs: new HubRegistry(),
    startedAt: Date.now(),
    degraded: new Map<string, string>(),
    player: new ArchivePlayer({ store, volumes, clock }),
    coverage: new CoverageBook({ store, now: () => clock.now() }),
  };
  const close = async ({ keep = false } = {}): Promise<void> => {
    await volumes.close();
    await journal.close();
    await store.close();
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  return { folder, parts, close };
}

export type ArchiveNode = Awaited<ReturnType<typeof archiveNode>>;

/** A camera with 25 frames a second and a key frame each 2 s, whose time the test lets pass. */
export class FakeCamera {
  readonly #sink: SourceSink;
  /** Milliseconds since 1970 of frame 0. */
  readonly zero: number;
  #next: number;

  constructor(hub: { open(): SourceSink }, zero: number, first = 0, tracks: readonly Track[] = [videoTrack]) {
    this.#sink = hub.open();
    this.zero = zero;
    this.#next = first;
    this.#sink.header({ tracks });
  }

  /** Sends so many seconds, all at once. */
  send(seconds: number, data = 2_000): void {
    for (let left = Math.round(seconds * 25); left > 0; left -= 1) {
      const n = this.#next;
      this.#sink.packet(videoFrame(n, { time: this.zero + n * 40, data: frameData(n, data) }));
      this.#next += 1;
    }
  }

  /** Nothing comes for so long, from a key frame to a key frame. */
  skip(seconds: number): void {
    this.#next += Math.round(seconds * 25);
  }
}

/** One NAL unit behind its length, marked with the number of its frame. */
export function frameData(n: number, size: number): Buffer {
  const data = Buffer.alloc(size, 0x55);
  data.writeUInt32BE(size - 4, 0);
  data[4] = n % 50 === 0 ? 0x65 : 0x41;
  data.writeUInt32BE(n, 5);
  return data;
}

export const iso = (ms: number): string => new Date(ms).toISOString();

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

import { SightmeshError, errorCode } from '../../contracts/errors.ts';
import { hasCode } from '../files.ts';
import type { Interval } from '../intervals.ts';
import type { ArchivePlayer } from '../player.ts';
import type { LocatedSegment } from '../playback/plan.ts';
import type { ExportFolder } from './folder.ts';
import { type Manifest, MANIFEST_FILE, type ManifestSigner, SIGNATURE_FILE } from './manifest.ts';
import { ZipWriter } from './zip-writer.ts';

/** What is wanted: times are RFC 3339. */
export interface ExportOrder {
  readonly id: string;
  readonly user: string;
  readonly cameras: readonly string[];
  readonly from: string;
  readonly to: string;
}

export interface ExportResult {
  readonly bytes: number;
  readonly node: string;
  readonly signer: string;
  /** Cameras of which nothing was recorded in the range. */
  readonly missing: readonly string[];
}

export interface MakerParts {
  readonly player: ArchivePlayer;
  readonly folder: ExportFolder;
  readonly signer: ManifestSigner;
  readonly nodeId: string;
  readonly now: () => number;
}

export interface MakeOptions {
  readonly signal: AbortSignal;
  /** Told 0 to 1, at most twice a second. */
  readonly progress: (share: number) => Promise<void>;
}

type ManifestFile = Manifest['files'][number];

const PROGRESS_MS = 500;
/** How much is written before it is looked again whether there is room. */
const LOOK_BYTES = 64 * 1024 * 1024;

/** Makes the zip of an export: one MP4 for each camera, never re-encoded, and a signed manifest. */
export class ExportMaker {
  readonly #parts: MakerParts;

  constructor(parts: MakerParts) {
    this.#parts = parts;
  }

  /**
   * Begins anew whatever was there of it, but for a file that is whole already.
   *
   * @throws SightmeshError `no_recording`, `storage_full`; whatever aborted the signal
   */
  async make(order: ExportOrder, options: MakeOptions): Promise<ExportResult> {
    const { folder, now } = this.#parts;
    const work = new Work(this.#parts, order, options);
    const recorded = await work.survey();
    const done = await folder.bytes(order.id);
    if (done !== undefined) return work.result(done);
    if (recorded === 0)
      throw new SightmeshError('no_recording', 'Nothing was recorded by these cameras in this range.');
    await work.checkRoom(recorded);
    const zip = await ZipWriter.create(await folder.part(order.id), new Date(now()));
    try {
      const bytes = await work.write(zip);
      await folder.keep(order.id);
      return work.result(bytes);
    } catch (error) {
      await zip.close().catch(() => undefined);
      await folder.discard(order.id);
      if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT'))
        throw new SightmeshError('storage_full', 'The disk of the exports is full.');
      throw error;
    }
  }
}

/** One making of one export. */
class Work {
  readonly #parts: MakerParts;
  readonly #order: ExportOrder;
  readonly #options: MakeOptions;
  readonly #range: Interval;
  readonly #segments = new Map<string, readonly LocatedSegment[]>();
  readonly #files: ManifestFile[] = [];
  #expected = 0;
  #written = 0;
  #looked = 0;
  #told = -Infinity;

  constructor(parts: MakerParts, order: ExportOrder, options: MakeOptions) {
    this.#parts = parts;
    this.#order = order;
    this.#options = options;
    this.#range = { from: Date.parse(order.from), to: Date.parse(order.to) };
  }

  /** Finds what there is. Resolves to the bytes that it will be, about. */
  async survey(): Promise<number> {
    for (const camera of this.#order.cameras) {
      this.#options.signal.throwIfAborted();
      const segments = await this.#parts.player.finder.located(camera, this.#range);
      const inside = segments.filter(({ from, to }) => to > this.#range.from && from < this.#range.to);
      this.#segments.set(camera, inside);
      for (const segment of inside) this.#expected += bytesWithin(segment, this.#range);
    }
    return this.#expected;
  }

  /** @throws SightmeshError `storage_full` */
  async checkRoom(more: number): Promise<void> {
    const shortage = await this.#parts.folder.shortage(more);
    if (shortage !== null) throw new SightmeshError('storage_full', shortage);
  }

  async write(zip: ZipWriter): Promise<number> {
    for (const [camera, segments] of this.#segments)
      if (segments.length > 0) await this.#add(zip, camera, segments);
    if (this.#files.length === 0) throw new SightmeshError('no_recording');
    const manifest = Buffer.from(`${JSON.stringify(this.#manifest(), null, 2)}\n`);
    await zip.add(MANIFEST_FILE, [manifest]);
    await zip.add(SIGNATURE_FILE, [this.#parts.signer.sign(manifest)]);
    this.#options.signal.throwIfAborted();
    return zip.finish();
  }

  result(bytes: number): ExportResult {
    const { nodeId, signer } = this.#parts;
    const missing = [...this.#segments].flatMap(([camera, segments]) =>
      segments.length === 0 ? [camera] : [],
    );
    return { bytes, node: nodeId, signer: signer.fingerprint, missing };
  }

  async #add(zip: ZipWriter, camera: string, segments: readonly LocatedSegment[]): Promise<void> {
    const { from, to } = this.#order;
    let stream;
    try {
      ({ stream } = await this.#parts.player.playbackMp4(camera, from, to));
    } catch (error) {
      // Retention has taken it meanwhile.
      if (errorCode(error) !== 'no_recording') throw error;
      this.#segments.set(camera, []);
      return;
    }
    const name = `${camera}/${camera}_${nameOf(Math.max(this.#range.from, segments[0]?.from ?? 0))}.mp4`;
    try {
      const { bytes, sha256 } = await zip.add(name, this.#watched(stream as AsyncIterable<Buffer>));
      this.#files.push({
        name,
        bytes,
        sha256,
        camera,
        ...spanOf(segments, this.#range),
        segments: segments.map(sourceOf),
      });
    } finally {
      stream.destroy();
    }
  }

  /** Passes the chunks on as long as there is room and nobody has had enough. */
  async *#watched(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#options.signal.throwIfAborted();
      this.#written += chunk.length;
      if (this.#written - this.#looked > LOOK_BYTES) {
        this.#looked = this.#written;
        await this.checkRoom(LOOK_BYTES);
      }
      await this.#tell();
      yield chunk;
    }
  }

  async #tell(): Promise<void> {
    const now = performance.now();
    if (now < this.#told + PROGRESS_MS) return;
    this.#told = now;
    await this.#options.progress(Math.min(0.99, this.#written / Math.max(1, this.#expected)));
  }

  #manifest(): Manifest {
    const { id, user, cameras, from, to } = this.#order;
    const { nodeId, now, signer } = this.#parts;
    return {
      format: 'sightmesh-export/1',
      id,
      createdAt: iso(now()),
      node: nodeId,
      user,
      cameras: [...cameras],
      from,
      to,
      files: this.#files,
      missing: [...this.result(0).missing],
      publicKey: signer.publicKey,
    };
  }
}

const iso = (time: number): string => new Date(time).toISOString();

/** `2026-01-05T12-00-00Z`, which every file system takes. */
const nameOf = (time: number): string =>
  iso(time)
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');

function bytesWithin({ from, to, record }: LocatedSegment, range: Interval): number {
  const inside = Math.min(to, range.to) - Math.max(from, range.from);
  return Math.ceil((record.bytes * Math.max(0, inside)) / Math.max(1, to - from));
}

const spanOf = (segments: readonly LocatedSegment[], range: Interval) => ({
  from: iso(Math.max(range.from, Math.min(...segments.map(({ from }) => from)))),
  to: iso(Math.min(range.to, Math.max(...segments.map(({ to }) => to)))),
});

const sourceOf = ({ record, from, to }: LocatedSegment): ManifestFile['segments'][number] => ({
  id: record.id,
  node: record.node,
  from: iso(from),
  to: iso(to),
  bytes: record.bytes,
});

import type { LinkClient, LinkTarget } from '../media/link/client.ts';
import { SourceError } from '../media/types.ts';
import type { SegmentRecord } from '../store/types.ts';
import { localFiles, type SegmentFiles, type SegmentHandle } from './segment-files.ts';

export interface RemoteSegmentsOptions {
  readonly client: Pick<LinkClient, 'openRange'>;
  /** The link port of a node; undefined when it is not alive. */
  readonly target: (node: string) => LinkTarget | undefined;
}

const SCHEME = 'link://';
/** Small reads are answered from blocks, bytes. */
const BLOCK = 16 * 1024;
const KEPT_BLOCKS = 1_024;

/** Reads segment files of other nodes by links, and those of this one as ever. */
export class RemoteSegments implements SegmentFiles {
  readonly #options: RemoteSegmentsOptions;
  readonly #blocks = new Map<string, Buffer>();

  constructor(options: RemoteSegmentsOptions) {
    this.#options = options;
  }

  /** The path by which `open` finds a segment of another node. Undefined when that node is not alive. */
  pathOf(node: string, { volume, path }: Pick<SegmentRecord, 'volume' | 'path'>): string | undefined {
    return this.#options.target(node) && `${SCHEME}${node}/${volume}/${path}`;
  }

  async open(path: string): Promise<SegmentHandle> {
    const [, node = '', volume = '', file = ''] = /^link:\/\/([^/]+)\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (!path.startsWith(SCHEME)) return localFiles.open(path);
    const target = this.#options.target(node);
    if (target === undefined) throw systemError('EHOSTUNREACH', `${path}: the node is not there`);
    const fetch = (start: number, end: number): Promise<Fetched> =>
      this.#fetch(path, target, { volume, path: file }, { start, end });
    const first = await fetch(0, BLOCK);
    this.#keep(path, 0, first.data);
    return {
      read: async (buffer, offset, length, position) => {
        const end = Math.min(position + length, first.size);
        if (end <= position) return { bytesRead: 0 };
        const small = Math.floor(position / BLOCK) === Math.floor((end - 1) / BLOCK);
        const data = small
          ? await this.#small(path, position, end, fetch)
          : (await fetch(position, end)).data;
        return { bytesRead: data.copy(buffer, offset) };
      },
      size: () => Promise.resolve(first.size),
      close: () => Promise.resolve(),
    };
  }

  async #small(
    path: string,
    position: number,
    end: number,
    fetch: (start: number, end: number) => Promise<Fetched>,
  ): Promise<Buffer> {
    const block = Math.floor(position / BLOCK);
    const start = block * BLOCK;
    let data = this.#blocks.get(`${path} ${String(block)}`);
    if (data === undefined) {
      ({ data } = await fetch(start, start + BLOCK));
      this.#keep(path, block, data);
    }
    return data.subarray(position - start, end - start);
  }

  /** A block at the end of a file may still grow: only whole ones are kept. */
  #keep(path: string, block: number, data: Buffer): void {
    if (data.length < BLOCK) return;
    const key = `${path} ${String(block)}`;
    this.#blocks.delete(key);
    this.#blocks.set(key, data);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > KEPT_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
  }

  async #fetch(
    path: string,
    target: LinkTarget,
    file: { readonly volume: string; readonly path: string },
    range: { readonly start: number; readonly end: number },
  ): Promise<Fetched> {
    try {
      const { stream, size } = await this.#options.client.openRange(target, file, range);
      const pieces: Buffer[] = [];
      for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
      return { data: Buffer.concat(pieces), size };
    } catch (error) {
      const gone = error instanceof SourceError && error.code === 'not_found';
      throw systemError(gone ? 'ENOENT' : 'EHOSTUNREACH', `${path} cannot be read`, error);
    }
  }
}

interface Fetched {
  readonly data: Buffer;
  readonly size: number;
}

const systemError = (code: string, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

import { open } from 'node:fs/promises';
import type { ByteSource } from './box-walker.ts';

/** An open segment file. */
export interface SegmentHandle extends ByteSource {
  /** Bytes, as of now or when it was opened. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Where segment files are read, by the path under which they were found. */
export interface SegmentFiles {
  /** @throws NodeJS.ErrnoException with `ENOENT` when it is not there, `EHOSTUNREACH` when its node is not */
  open(path: string): Promise<SegmentHandle>;
}

/** Those of this machine. */
export const localFiles: SegmentFiles = {
  open: async (path) => {
    const handle = await open(path, 'r');
    return {
      read: (buffer, offset, length, position) => handle.read(buffer, offset, length, position),
      size: async () => (await handle.stat()).size,
      close: () => handle.close(),
    };
  },
};

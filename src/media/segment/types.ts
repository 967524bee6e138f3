export interface SegmentIdentity {
  readonly camera: string;
  readonly stream: string;
  readonly epoch: number;
  readonly replica: number;
  readonly node: string;
}

export interface SegmentPlace {
  /** UUID */
  readonly volume: string;
  /** Below the root of the volume, with `/` between names. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
}

/** What the index says about a segment. Times are whole milliseconds since 1970. */
export interface SegmentRow {
  readonly identity: SegmentIdentity;
  readonly place: SegmentPlace;
  /** The time in its name. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly closed: boolean;
  /** RFC 6381, comma separated. */
  readonly codecs: string;
}

export type StorageCause = 'storage_full' | 'storage_failed';

/** Why nothing can be written; the message is for a person. */
export class StorageProblem extends Error {
  override readonly name = 'StorageProblem';
  readonly kind: StorageCause;
  constructor(cause: StorageCause, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = cause;
  }
}

/** What an error of the file system means for the recording. */
export function storageProblem(error: unknown): StorageProblem {
  if (error instanceof StorageProblem) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageProblem('storage_full', 'The disk is full.', { cause: error });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new StorageProblem('storage_failed', `The recording cannot be written: ${why}.`, { cause: error });
}

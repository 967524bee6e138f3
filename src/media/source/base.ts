import type { Clock } from '../timeline.ts';
import type { Source } from '../types.ts';

/** How far a source has come. `live` comes with the first picture. */
export type SourceState = 'connecting' | 'describing' | 'starting' | 'live';

export interface SourceRequest {
  readonly url: string;
  /** Instead of those in the address; null and absent leave those. */
  readonly username?: string | null;
  readonly password?: string | null;
  readonly onState?: (state: SourceState) => void;
  /** Sentences about tracks that are not used, and why. */
  readonly onNotes?: (notes: readonly string[]) => void;
  /** Milliseconds until the camera must have agreed to play. */
  readonly openTimeoutMs?: number;
}

/** One kind of address: knows how to make sources for it, and holds what they share. */
export interface SourceKind {
  /** @throws SourceError `bad_url` */
  make(request: SourceRequest, clock: Clock): Source;
  /** Idempotent. Sources that still run end by themselves. */
  close(): void;
}

import type { KeyValue, KeyValueEntry } from './types.ts';

/** One life of a node. */
export interface Owner {
  readonly node: string;
  readonly incarnation: string;
}

/** Who runs an actor. `epoch` rises by one with each change of owner and is never used twice. */
export interface Ownership {
  readonly owner: Owner | null;
  readonly epoch: number;
  /** RFC 3339 */
  readonly since: string;
  readonly reasons: readonly string[];
}

export interface Claim {
  readonly actor: string;
  readonly owner: Owner;
  readonly reasons: readonly string[];
  /** RFC 3339 */
  readonly now: string;
  /** The highest epoch that the catalog knows, for an actor without an entry. */
  readonly knownEpoch: () => Promise<number>;
}

/**
 * Makes the claimant the owner by one compare-and-set. What it owns already stays as it is.
 * Undefined when somebody else was faster.
 */
export async function claim(bucket: KeyValue, wanted: Claim): Promise<Ownership | undefined> {
  const { actor, owner } = wanted;
  const entry = await bucket.get(actor);
  const before = entry && ownershipOf(entry);
  if (before?.owner && isSame(before.owner, owner)) return before;
  const epoch = (before?.epoch ?? (await wanted.knownEpoch())) + 1;
  const next: Ownership = { owner, epoch, since: wanted.now, reasons: wanted.reasons };
  const revision =
    entry === undefined ? await bucket.create(actor, next) : await bucket.update(actor, next, entry.revision);
  return revision === undefined ? undefined : next;
}

/** Gives an actor up; its epoch stays known. False when it was not the owner's. */
export async function release(bucket: KeyValue, actor: string, owner: Owner, now: string): Promise<boolean> {
  const entry = await bucket.get(actor);
  const before = entry && ownershipOf(entry);
  if (entry === undefined || !before?.owner || !isSame(before.owner, owner)) return false;
  const next: Ownership = { ...before, owner: null, since: now, reasons: ['nothing wants it'] };
  return (await bucket.update(actor, next, entry.revision)) !== undefined;
}

export const ownershipOf = (entry: KeyValueEntry): Ownership => entry.value as Ownership;

const isSame = (a: Owner, b: Owner): boolean => a.node === b.node && a.incarnation === b.incarnation;

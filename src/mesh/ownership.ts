import type { KeyValue, KeyValueEntry } from './types.ts';

/** One life of a node. */
export interface Owner {
  readonly node: string;
  readonly incarnation: string;
}

/** Who is to run an actor after its present owner, and prepares it already, under an epoch of its own. */
export interface NextOwner extends Owner {
  readonly epoch: number;
  /** RFC 3339. Whoever leads the moves gives it up afterwards. */
  readonly deadline: string;
  readonly reasons: readonly string[];
}

/** Who runs an actor. `epoch` rises with each change of owner and is never used twice. */
export interface Ownership {
  readonly owner: Owner | null;
  readonly epoch: number;
  /** RFC 3339 */
  readonly since: string;
  readonly reasons: readonly string[];
  readonly next?: NextOwner;
  /** The highest epoch that was ever given, where a `next` that was given up had a higher one than the owner. */
  readonly highest?: number;
}

export interface Claim {
  readonly actor: string;
  readonly owner: Owner;
  readonly reasons: readonly string[];
  /** RFC 3339 */
  readonly now: string;
  /** The highest epoch that the catalog knows, for an actor without an entry. */
  readonly knownEpoch: () => Promise<number>;
  /**
   * What the claimant saw before it decided: the claim fails when somebody else owns it now. Left out: whoever owns it
   * loses it.
   */
  readonly instead?: Owner | null;
}

/**
 * Makes the claimant the owner by one compare-and-set. What it owns already stays as it is; who was `next` takes over
 * with the epoch that it prepared. Undefined when somebody else was faster.
 */
export async function claim(bucket: KeyValue, wanted: Claim): Promise<Ownership | undefined> {
  const { actor, owner, instead, now, reasons } = wanted;
  const entry = await bucket.get(actor);
  const before = entry && ownershipOf(entry);
  if (before?.owner && isSame(before.owner, owner)) return before;
  if (instead !== undefined && !isSameOrNone(before?.owner ?? null, instead)) return undefined;
  const epoch =
    before?.next && isSame(before.next, owner)
      ? before.next.epoch
      : (before === undefined ? await wanted.knownEpoch() : highestOf(before)) + 1;
  const after: Ownership = { owner, epoch, since: now, reasons, ...highestKept(before, epoch) };
  const revision =
    entry === undefined
      ? await bucket.create(actor, after)
      : await bucket.update(actor, after, entry.revision);
  return revision === undefined ? undefined : after;
}

/** Gives an actor up; its epoch stays known. False when it was not the owner's. */
export async function release(bucket: KeyValue, actor: string, owner: Owner, now: string): Promise<boolean> {
  const released = await change(bucket, actor, (before) =>
    before.owner !== null && isSame(before.owner, owner)
      ? { ...before, owner: null, since: now, reasons: ['nothing wants it'] }
      : undefined,
  );
  return released !== undefined;
}

export interface Preparation {
  readonly actor: string;
  /** Who must own it now, in this epoch. */
  readonly from: Owner;
  readonly epoch: number;
  readonly to: Owner;
  readonly reasons: readonly string[];
  /** RFC 3339 */
  readonly deadline: string;
}

/**
 * Asks a node to prepare what another runs (make before break): it begins under the epoch that `next` names, and
 * promotes itself when it has all. Undefined when the owner changed, or another move is under way.
 */
export function prepare(bucket: KeyValue, wanted: Preparation): Promise<Ownership | undefined> {
  const { from, to, deadline, reasons } = wanted;
  return change(bucket, wanted.actor, (before) => {
    if (!holds(before, from, wanted.epoch) || before.next !== undefined || isSame(from, to)) return undefined;
    const epoch = highestOf(before) + 1;
    return { ...before, next: { ...to, epoch, deadline, reasons } };
  });
}

/** Makes `next` the owner by one compare-and-set; the owner before is stale from then on. Undefined when it is not next. */
export function promote(
  bucket: KeyValue,
  actor: string,
  next: Owner & { readonly epoch: number },
  now: string,
): Promise<Ownership | undefined> {
  return change(bucket, actor, (before) => {
    const planned = before.next;
    if (planned === undefined || !isSame(planned, next) || planned.epoch !== next.epoch) return undefined;
    const { node, incarnation, epoch, reasons } = planned;
    return {
      owner: { node, incarnation },
      epoch,
      since: now,
      reasons,
      ...highestKept(before, epoch),
    };
  });
}

/** Ends a preparation; its epoch is never given again. Undefined when it is not the one under way. */
export function abandon(bucket: KeyValue, actor: string, epoch: number): Promise<Ownership | undefined> {
  return change(bucket, actor, (before) => {
    if (before.next?.epoch !== epoch) return undefined;
    const { next, ...rest } = before;
    return { ...rest, highest: Math.max(highestOf(before), next.epoch) };
  });
}

/** Whether this owner, in this epoch, may still write, delete and command. */
export const holds = (ownership: Ownership | undefined, owner: Owner, epoch: number): boolean =>
  ownership?.owner != null && isSame(ownership.owner, owner) && ownership.epoch === epoch;

export const ownershipOf = (entry: KeyValueEntry): Ownership => entry.value as Ownership;

export const isSame = (a: Owner, b: Owner): boolean => a.node === b.node && a.incarnation === b.incarnation;

const isSameOrNone = (a: Owner | null, b: Owner | null): boolean =>
  a === null || b === null ? a === b : isSame(a, b);

const highestOf = ({ epoch, next, highest }: Ownership): number =>
  Math.max(epoch, next?.epoch ?? 0, highest ?? 0);

function highestKept(before: Ownership | undefined, epoch: number): { readonly highest?: number } {
  const highest = before === undefined ? 0 : highestOf(before);
  return highest > epoch ? { highest } : {};
}

/** By one compare-and-set; undefined when `decide` refuses, there is no entry, or somebody else was faster. */
async function change(
  bucket: KeyValue,
  actor: string,
  decide: (before: Ownership) => Ownership | undefined,
): Promise<Ownership | undefined> {
  const entry = await bucket.get(actor);
  const after = entry && decide(ownershipOf(entry));
  if (entry === undefined || after === undefined) return undefined;
  return (await bucket.update(actor, after, entry.revision)) === undefined ? undefined : after;
}

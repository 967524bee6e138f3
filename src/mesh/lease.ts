import { isSame, type Owner } from './ownership.ts';
import type { KeyValue } from './types.ts';

/**
 * Takes or keeps a task that one node at a time does, such as `balancer`. It has no expiry, so no clocks are compared:
 * whoever sees by the beats that the holder is dead may take it. True when it is held afterwards.
 */
export async function holdLease(
  bucket: KeyValue,
  key: string,
  self: Owner,
  isAlive: (owner: Owner) => boolean,
): Promise<boolean> {
  const entry = await bucket.get(key);
  if (entry === undefined) return (await bucket.create(key, self)) !== undefined;
  const holder = entry.value as Owner;
  if (isSame(holder, self)) return true;
  if (isAlive(holder)) return false;
  return (await bucket.update(key, self, entry.revision)) !== undefined;
}

/** Gives it up when it is one's own. */
export async function leaveLease(bucket: KeyValue, key: string, self: Owner): Promise<void> {
  const entry = await bucket.get(key);
  if (entry !== undefined && isSame(entry.value as Owner, self)) await bucket.delete(key, entry.revision);
}

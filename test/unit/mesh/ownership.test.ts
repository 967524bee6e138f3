import { beforeEach, describe, expect, it } from 'vitest';
import { claim, ownershipOf, release } from '../../../src/mesh/ownership.ts';
import type { KeyValue } from '../../../src/mesh/types.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/store.ts';

const me = { node: 'a', incarnation: '1' };
const other = { node: 'b', incarnation: '1' };
const wanted = { actor: 'camera.door', reasons: ['because'], now: '2026-01-01T00:00:00Z' };

describe('ownership', () => {
  let store: SqliteStore;
  let bucket: KeyValue;
  beforeEach(async () => {
    store = await openSqliteStore(':memory:');
    bucket = store.keyValue('assignments');
    return () => store.close();
  });
  const take = (owner: typeof me, known = 0) =>
    claim(bucket, { ...wanted, owner, knownEpoch: () => Promise.resolve(known) });

  it('raises the epoch with each change of owner and only then', async () => {
    expect((await take(me))?.epoch).toBe(1);
    expect((await take(me))?.epoch).toBe(1);
    expect((await take({ ...me, incarnation: '2' }))?.epoch).toBe(2);
    expect((await take(other))?.epoch).toBe(3);
  });

  it('begins above what the catalog knows', async () => {
    expect((await take(me, 41))?.epoch).toBe(42);
  });

  it('has one winner when many claim at once', async () => {
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => take({ node: `n${index}`, incarnation: '1' })),
    );
    const won = claims.filter((ownership) => ownership !== undefined);
    expect(new Set(won.map(({ epoch }) => epoch)).size).toBe(won.length);
    const entry = await bucket.get(wanted.actor);
    expect(entry && ownershipOf(entry).epoch).toBe(Math.max(...won.map(({ epoch }) => epoch)));
  });

  it('is given up by the owner only, and the epoch stays known', async () => {
    await take(me);
    expect(await release(bucket, wanted.actor, other, wanted.now)).toBe(false);
    expect(await release(bucket, wanted.actor, me, wanted.now)).toBe(true);
    expect((await take(other))?.epoch).toBe(2);
  });
});

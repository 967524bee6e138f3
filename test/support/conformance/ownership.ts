import { beforeEach, describe, expect, it } from 'vitest';
import { holdLease, leaveLease } from '../../../src/mesh/lease.ts';
import {
  abandon,
  claim,
  type Claim,
  holds,
  type Ownership,
  ownershipOf,
  prepare,
  promote,
  release,
} from '../../../src/mesh/ownership.ts';
import type { KeyValue } from '../../../src/mesh/types.ts';

const me = { node: 'a', incarnation: '1' };
const other = { node: 'b', incarnation: '1' };
const third = { node: 'c', incarnation: '1' };
const actor = 'camera.door';
const now = '2026-01-01T00:00:00Z';
const wanted = { actor, reasons: ['because'], now };
const move = { actor, from: me, to: other, epoch: 1, reasons: ['lighter'], deadline: '2026-01-01T00:00:30Z' };

/** What ownership must do on every backend. `open` gives an empty bucket and what closes it. */
export function ownershipConformance(
  name: string,
  open: () => Promise<{ readonly bucket: KeyValue; readonly close: () => Promise<void> }>,
): void {
  describe(`ownership: ${name}`, () => {
    let bucket: KeyValue;
    beforeEach(async () => {
      const opened = await open();
      ({ bucket } = opened);
      return opened.close;
    });
    const take = (owner: typeof me, more: Partial<Claim> = {}) =>
      claim(bucket, { ...wanted, owner, knownEpoch: () => Promise.resolve(0), ...more });
    const kept = async (): Promise<Ownership | undefined> => {
      const entry = await bucket.get(actor);
      return entry && ownershipOf(entry);
    };

    it('raises the epoch with each change of owner and only then', async () => {
      expect((await take(me))?.epoch).toBe(1);
      expect((await take(me))?.epoch).toBe(1);
      expect((await take({ ...me, incarnation: '2' }))?.epoch).toBe(2);
      expect((await take(other))?.epoch).toBe(3);
    });

    it('begins above what the catalog knows', async () => {
      expect((await take(me, { knownEpoch: () => Promise.resolve(41) }))?.epoch).toBe(42);
    });

    it('has one winner when many claim at once', async () => {
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => take({ node: `n${String(index)}`, incarnation: '1' })),
      );
      const won = claims.filter((ownership) => ownership !== undefined);
      expect(won.length).toBeGreaterThan(0);
      expect(new Set(won.map(({ epoch }) => epoch)).size).toBe(won.length);
      expect((await kept())?.epoch).toBe(Math.max(...won.map(({ epoch }) => epoch)));
    });

    it('takes it only from whom the claimant saw', async () => {
      await take(me);
      expect(await take(third, { instead: null })).toBeUndefined();
      expect(await take(third, { instead: other })).toBeUndefined();
      expect((await take(third, { instead: me }))?.epoch).toBe(2);
      expect(holds(await kept(), me, 1)).toBe(false);
      expect(holds(await kept(), third, 2)).toBe(true);
      expect(holds(await kept(), third, 1)).toBe(false);
    });

    it('is given up by the owner only, and the epoch stays known', async () => {
      await take(me);
      expect(await release(bucket, actor, other, now)).toBe(false);
      expect(await release(bucket, actor, me, now)).toBe(true);
      expect((await take(other))?.epoch).toBe(2);
    });

    it('moves make before break: the owner stays until one compare-and-set', async () => {
      await take(me);
      expect(await prepare(bucket, { ...move, from: third })).toBeUndefined();
      expect(await prepare(bucket, { ...move, epoch: 7 })).toBeUndefined();
      expect(await prepare(bucket, { ...move, to: me })).toBeUndefined();
      expect((await prepare(bucket, move))?.next).toMatchObject({ ...other, epoch: 2 });
      expect(await prepare(bucket, { ...move, to: third })).toBeUndefined();
      expect(holds(await kept(), me, 1)).toBe(true);
      expect(await promote(bucket, actor, { ...third, epoch: 2 }, now)).toBeUndefined();
      expect(await promote(bucket, actor, { ...other, epoch: 3 }, now)).toBeUndefined();
      const after = await promote(bucket, actor, { ...other, epoch: 2 }, now);
      expect(after).toEqual({ owner: other, epoch: 2, since: now, reasons: ['lighter'] });
      expect(holds(await kept(), me, 1)).toBe(false);
      expect(await release(bucket, actor, me, now)).toBe(false);
      expect(await promote(bucket, actor, { ...other, epoch: 2 }, now)).toBeUndefined();
    });

    it('never gives the epoch of an abandoned move again', async () => {
      await take(me);
      await prepare(bucket, move);
      expect(await abandon(bucket, actor, 1)).toBeUndefined();
      expect((await abandon(bucket, actor, 2))?.next).toBeUndefined();
      expect(await promote(bucket, actor, { ...other, epoch: 2 }, now)).toBeUndefined();
      expect(holds(await kept(), me, 1)).toBe(true);
      expect((await prepare(bucket, move))?.next?.epoch).toBe(3);
      expect((await take(third, { instead: me }))?.epoch).toBe(4);
      expect(await promote(bucket, actor, { ...other, epoch: 3 }, now)).toBeUndefined();
    });

    it('goes to who prepared it when the owner dies, under the epoch that it writes already', async () => {
      await take(me);
      await prepare(bucket, move);
      expect((await take(other, { instead: me }))?.epoch).toBe(2);
      expect((await kept())?.next).toBeUndefined();
      expect((await take(third))?.epoch).toBe(3);
    });

    it('ends a race of claim, promotion and abandonment with one owner and unique epochs', async () => {
      await take(me);
      for (let round = 0; round < 20; round += 1) {
        const before = await kept();
        if (!before?.owner) throw new Error('no owner');
        const to = { node: `n${String(round)}`, incarnation: '1' };
        const prepared = await prepare(bucket, { ...move, from: before.owner, epoch: before.epoch, to });
        const epoch = prepared?.next?.epoch ?? 0;
        const results = await Promise.all([
          promote(bucket, actor, { ...to, epoch }, now),
          abandon(bucket, actor, epoch),
          take({ node: `t${String(round)}`, incarnation: '1' }, { instead: before.owner }),
        ]);
        const owners = results.flatMap((result) =>
          result?.owner && result.epoch !== before.epoch ? [result] : [],
        );
        expect(new Set(owners.map((owner) => owner.epoch)).size).toBe(owners.length);
        const after = await kept();
        expect(after?.epoch).toBe(Math.max(before.epoch, ...owners.map((owner) => owner.epoch)));
      }
    });

    it('leases a task to one living node', async () => {
      const alive = new Set(['a', 'b', 'c']);
      const isAlive = ({ node }: { node: string }) => alive.has(node);
      expect(await holdLease(bucket, 'lease.balancer', me, isAlive)).toBe(true);
      expect(await holdLease(bucket, 'lease.balancer', other, isAlive)).toBe(false);
      expect(await holdLease(bucket, 'lease.balancer', me, isAlive)).toBe(true);
      alive.delete('a');
      const taken = await Promise.all(
        [other, third].map((owner) => holdLease(bucket, 'lease.balancer', owner, isAlive)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect(await holdLease(bucket, 'lease.balancer', me, isAlive)).toBe(false);
      await leaveLease(bucket, 'lease.balancer', me);
      await leaveLease(bucket, 'lease.balancer', taken[0] === true ? other : third);
      expect(await holdLease(bucket, 'lease.balancer', me, isAlive)).toBe(true);
    });
  });
}

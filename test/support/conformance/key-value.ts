import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyValue, KeyValueChange } from '../../../src/mesh/types.ts';
import { until } from '../until.ts';

/** What every bucket must do. `open` gives an empty one and what closes it. */
export function keyValueConformance(
  name: string,
  open: () => Promise<{ readonly bucket: KeyValue; readonly close: () => Promise<void> }>,
): void {
  describe(`key-value: ${name}`, () => {
    let bucket: KeyValue;
    beforeEach(async () => {
      const opened = await open();
      ({ bucket } = opened);
      return opened.close;
    });
    const current = (): KeyValue => bucket;
    writes(current);
    races(current);
    watches(current);
  });
}

function writes(bucket: () => KeyValue): void {
  it('creates once, reads back, and lists by prefix in order of keys', async () => {
    const value = { owner: { node: 'a' }, text: 'ü\n"', list: [1, null, true] };
    const revision = await bucket().create('recorder.front-door.0', value);
    expect(revision).toBeGreaterThan(0);
    expect(await bucket().create('recorder.front-door.0', 'other')).toBeUndefined();
    expect(await bucket().get('recorder.front-door.0')).toEqual({
      key: 'recorder.front-door.0',
      value,
      revision,
    });
    expect(await bucket().get('recorder.front-door')).toBeUndefined();
    await bucket().put('recorder.front-door2.0', 2);
    await bucket().put('camera.A_b=1', 3);
    const keys = async (prefix: string) => (await bucket().list(prefix)).map(({ key }) => key);
    expect(await keys('')).toEqual(['camera.A_b=1', 'recorder.front-door.0', 'recorder.front-door2.0']);
    expect(await keys('recorder.front-door.')).toEqual(['recorder.front-door.0']);
    expect(await keys('rec')).toEqual(['recorder.front-door.0', 'recorder.front-door2.0']);
    expect(await keys('none.')).toEqual([]);
  });

  it('updates only from the revision that was read; revisions rise', async () => {
    const first = (await bucket().create('a', 1)) ?? 0;
    expect(await bucket().update('a', 2, first + 1_000)).toBeUndefined();
    expect(await bucket().update('a', 2, 0)).toBeUndefined();
    const second = (await bucket().update('a', 2, first)) ?? 0;
    expect(second).toBeGreaterThan(first);
    expect(await bucket().update('a', 3, first)).toBeUndefined();
    expect(await bucket().update('none', 3, second)).toBeUndefined();
    expect(await bucket().put('a', 4)).toBeGreaterThan(second);
    expect((await bucket().get('a'))?.value).toBe(4);
  });

  it('deletes with and without a revision, and creates again above it', async () => {
    const first = (await bucket().create('a', 1)) ?? 0;
    expect(await bucket().delete('a', first + 1_000)).toBe(false);
    expect(await bucket().delete('a', first)).toBe(true);
    expect(await bucket().delete('a')).toBe(false);
    expect(await bucket().get('a')).toBeUndefined();
    expect(await bucket().list('')).toEqual([]);
    expect(await bucket().update('a', 2, first)).toBeUndefined();
    expect(await bucket().create('a', 2)).toBeGreaterThan(first + 1);
    expect(await bucket().delete('a')).toBe(true);
  });
}

function races(bucket: () => KeyValue): void {
  it('has exactly one winner of 100 compare-and-set races by 15 writers', async () => {
    let revision = (await bucket().create('race', -1)) ?? 0;
    for (let round = 0; round < 100; round += 1) {
      const results = await Promise.all(
        Array.from({ length: 15 }, (_, writer) => bucket().update('race', { round, writer }, revision)),
      );
      const won = results.flatMap((result, writer) => (result === undefined ? [] : [{ result, writer }]));
      expect(won).toHaveLength(1);
      revision = won[0]?.result ?? 0;
      expect(await bucket().get('race')).toEqual({
        key: 'race',
        value: { round, writer: won[0]?.writer },
        revision,
      });
    }
  });

  it('has one winner when many create', async () => {
    const results = await Promise.all(
      Array.from({ length: 15 }, (_, writer) => bucket().create('a', writer)),
    );
    expect(results.filter((result) => result !== undefined)).toHaveLength(1);
  });
}

function watches(bucket: () => KeyValue): void {
  it('tells what exists, then each change in order, until it is stopped', async () => {
    await bucket().put('node.a', 1);
    await bucket().put('other.b', 1);
    await bucket().put('node.gone', 1);
    await bucket().delete('node.gone');
    const seen: KeyValueChange[] = [];
    const stop = await bucket().watch('node.', (change) => seen.push(change));
    expect(seen.map(summary)).toEqual(['node.a=1']);
    await bucket().put('node.a', 2);
    await bucket().put('other.b', 2);
    await bucket().put('node.c', 3);
    await bucket().delete('node.a');
    await until('the changes', () => seen.length >= 4);
    expect(seen.map(summary)).toEqual(['node.a=1', 'node.a=2', 'node.c=3', 'node.a gone']);
    const revisions = seen.map((change) => (change.kind === 'put' ? change.entry.revision : change.revision));
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    stop();
    const later: KeyValueChange[] = [];
    const stopLater = await bucket().watch('', (change) => later.push(change));
    await bucket().put('node.d', 4);
    await until('the change elsewhere', () => later.some((change) => summary(change) === 'node.d=4'));
    expect(seen).toHaveLength(4);
    stopLater();
  });

  it('ends with what is there, however fast it is written while the watch begins', async () => {
    const writing = (async () => {
      for (let value = 1; value <= 200; value += 1) await bucket().put(`k${String(value % 5)}`, value);
    })();
    const seen = new Map<string, unknown>();
    const stop = await bucket().watch('', (change) => {
      if (change.kind === 'put') seen.set(change.entry.key, change.entry.value);
    });
    await writing;
    await until('the last values', () => [...seen.values()].toSorted().join() === '196,197,198,199,200');
    stop();
  });
}

const summary = (change: KeyValueChange): string =>
  change.kind === 'put' ? `${change.entry.key}=${String(change.entry.value)}` : `${change.key} gone`;

import { describe, expect, it } from 'vitest';
import { standingWarning } from '../../../../src/store/mongo/standing.ts';

type Topology = Parameters<typeof standingWarning>[0];

const topology = (type: string, hosts: readonly string[] = []): Topology =>
  ({ servers: new Map([['a', { type, allHosts: hosts, setName: 'rs0' }]]) }) as unknown as Topology;

describe('how MongoDB servers stand together', () => {
  it('finds nothing to say about three of a replica set, or a router', () => {
    expect(standingWarning(topology('RSPrimary', ['a', 'b', 'c']), 'a')).toBeUndefined();
    expect(standingWarning(topology('Mongos'), 'a')).toBeUndefined();
  });

  it('warns of one server, and of a replica set without spare', () => {
    expect(standingWarning(topology('Standalone'), 'db:27017')).toMatch(/db:27017 is no replica set/);
    expect(standingWarning(topology('RSPrimary', ['a', 'b']), 'a')).toMatch(/rs0 has 2 of 3/);
  });
});

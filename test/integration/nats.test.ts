import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection } from 'nats';
import { claim, ownershipOf } from '../../src/mesh/ownership.ts';
import { connectNats, type NatsOptions } from '../../src/mesh/nats/connect.ts';
import { type NatsBucket, openNatsBucket } from '../../src/mesh/nats/key-value.ts';
import { NatsProblem } from '../../src/mesh/nats/problem.ts';
import type { KeyValueChange, MeshLog } from '../../src/mesh/types.ts';
import { keyValueConformance } from '../support/conformance/key-value.ts';
import { ownershipConformance } from '../support/conformance/ownership.ts';
import { NATS_SERVER, type NatsServer, startNats, startNatsCluster } from '../support/services/nats.ts';
import { until } from '../support/until.ts';

const warnings: string[] = [];
const log: MeshLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields, message) => warnings.push(message),
};
let names = 0;
const nextName = (): string => `test-${String((names += 1))}`;
const open = (servers: readonly NatsServer[], options: Partial<NatsOptions> = {}): Promise<NatsConnection> =>
  connectNats({ servers: servers.map(({ url }) => url), name: 'test', waitMs: 2_000, ...options }, log);

function opened(bucket: NatsBucket, replicas = bucket.replicas) {
  expect(bucket.replicas).toBe(replicas);
  const close = (): Promise<void> => {
    bucket.close();
    return Promise.resolve();
  };
  return { bucket, close };
}

describe.skipIf(NATS_SERVER === undefined)('NATS, one server', () => {
  let server: NatsServer;
  let connection: NatsConnection;
  beforeAll(async () => {
    server = await startNats();
    connection = await open([server]);
  });
  afterAll(async () => {
    await connection.close();
    await server.remove();
  });

  for (const storage of ['memory', 'file'] as const) {
    keyValueConformance(`nats, ${storage}`, async () => {
      return opened(await openNatsBucket(connection, nextName(), { storage }, log));
    });
  }

  ownershipConformance('nats', async () => {
    return opened(await openNatsBucket(connection, nextName(), { storage: 'file' }, log));
  });

  it('says that one copy is little', async () => {
    const bucket = await openNatsBucket(connection, nextName(), { storage: 'file' }, log);
    expect(bucket.replicas).toBe(1);
    expect(warnings.join('\n')).toContain('run three servers');
  });

  it('makes a bucket in memory again after a restart, and tells watchers what went', async () => {
    const name = nextName();
    const memory = await openNatsBucket(connection, name, { storage: 'memory' }, log);
    const file = await openNatsBucket(connection, `${name}-file`, { storage: 'file' }, log);
    await memory.put('node.a', 1);
    await memory.put('node.b', 1);
    await file.put('kept', 1);
    const seen: KeyValueChange[] = [];
    const stop = await memory.watch('', (change) => seen.push(change));
    await server.kill();
    await expect(memory.put('node.a', 2)).rejects.toThrow();
    await server.start();
    await until('writing again', () => memory.put('node.a', 3).catch(() => undefined));
    await until('the watch', () => {
      const last = seen.findLast((change) => change.kind === 'put' && change.entry.key === 'node.a');
      return last?.kind === 'put' && last.entry.value === 3;
    });
    expect(seen).toContainEqual(expect.objectContaining({ kind: 'delete', key: 'node.b' }));
    expect((await file.get('kept'))?.value).toBe(1);
    await memory.put('node.c', 4);
    await until('the next change', () =>
      seen.some((change) => change.kind === 'put' && change.entry.key === 'node.c'),
    );
    stop();
  });
});

describe.skipIf(NATS_SERVER === undefined)('NATS that cannot be used', () => {
  const refusal = async (
    config: string,
    options: Partial<NatsOptions>,
    jetStream = true,
  ): Promise<unknown> => {
    const server = await startNats({ config, jetStream });
    let connection: NatsConnection | undefined;
    try {
      connection = await open([server], options);
      const bucket = await openNatsBucket(connection, 'assignments', { storage: 'file' }, log);
      await bucket.put('a', 1);
      await bucket.list('');
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await connection?.close();
      await server.remove();
    }
  };
  const users = (permissions: string): string =>
    `authorization { users: [{ user: sightmesh, password: secret-word, permissions: ${permissions} }] }`;
  const login = { user: 'sightmesh', password: 'secret-word' };

  it('takes user and password with the rights that are needed', async () => {
    const allowed = '["$JS.API.>", "$KV.>", "_INBOX.>"]';
    expect(await refusal(users(`{ publish: ${allowed}, subscribe: ${allowed} }`), login)).toBeUndefined();
  });

  it('says that JetStream is off', async () => {
    const error = await refusal('', {}, false);
    expect(error).toBeInstanceOf(NatsProblem);
    expect(String(error)).toContain('JetStream is off');
  });

  it('says that the credentials are wrong, and does not show them', async () => {
    const error = await refusal(users('{}'), { ...login, password: 'guessed-word' });
    expect(error).toBeInstanceOf(NatsProblem);
    expect(String(error)).toContain('refuses the credentials');
    expect(String(error)).not.toContain('guessed-word');
  });

  it.each([
    '{ publish: ["_INBOX.>"], subscribe: ["_INBOX.>"] }',
    '{ publish: ["$JS.API.>"], subscribe: ">" }',
  ])('says that rights are missing: %s', async (permissions) => {
    const error = await refusal(users(permissions), login);
    expect(error).toBeInstanceOf(NatsProblem);
    expect(String(error)).toContain('rights');
  });

  it('says that nobody answers', async () => {
    const server = await startNats();
    await server.remove();
    await expect(open([server])).rejects.toThrow('No NATS server answers');
  });
});

describe.skipIf(NATS_SERVER === undefined)('NATS, three servers', () => {
  let servers: NatsServer[];
  let connections: NatsConnection[];
  beforeAll(async () => {
    servers = await startNatsCluster();
    connections = await Promise.all(servers.map((server) => open([server, ...servers])));
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await Promise.all(servers.map((server) => server.remove()));
  });
  const connectionTo = (index: number): NatsConnection => {
    const connection = connections[index];
    if (connection === undefined) throw new Error('no connection');
    return connection;
  };

  keyValueConformance('nats, three servers', async () => {
    return opened(await openNatsBucket(connectionTo(0), nextName(), { storage: 'file' }, log), 3);
  });

  ownershipConformance('nats, three servers', async () => {
    return opened(await openNatsBucket(connectionTo(1), nextName(), { storage: 'file' }, log));
  });

  it('has one winner of each claim, whichever servers the claimants use', async () => {
    const name = nextName();
    const buckets = await Promise.all(
      connections.map((connection) => openNatsBucket(connection, name, { storage: 'file' }, log)),
    );
    for (let round = 0; round < 20; round += 1) {
      const claims = await Promise.all(
        Array.from({ length: 15 }, (_, writer) => {
          const bucket = buckets[writer % 3];
          if (bucket === undefined) throw new Error('no bucket');
          return claim(bucket, {
            actor: 'camera.door',
            owner: { node: `n${String(writer)}`, incarnation: String(round) },
            reasons: [],
            now: '2026-01-01T00:00:00Z',
            knownEpoch: () => Promise.resolve(0),
          });
        }),
      );
      const epochs = claims.flatMap((ownership) => (ownership === undefined ? [] : [ownership.epoch]));
      expect(epochs.length).toBeGreaterThan(0);
      expect(new Set(epochs).size).toBe(epochs.length);
      const entry = await buckets[0]?.get('camera.door');
      expect(entry && ownershipOf(entry).epoch).toBe(Math.max(...epochs));
    }
  });

  it('goes on writing and watching when the server that leads is killed', async () => {
    const name = nextName();
    const manager = await connectionTo(0).jetstreamManager();
    const buckets = await Promise.all(
      connections.map((connection) => openNatsBucket(connection, name, { storage: 'memory' }, log)),
    );
    const { cluster } = await manager.streams.info(`KV_${name}`);
    const leader = servers.findIndex((server) => server.name === cluster?.leader);
    const other = buckets[(leader + 1) % 3];
    const led = buckets[leader];
    if (other === undefined || led === undefined) throw new Error('no leader');
    const seen = new Map<number, unknown>();
    await Promise.all(
      buckets.map((bucket, index) =>
        bucket.watch('', (change) => {
          if (change.kind === 'put') seen.set(index, change.entry.value);
        }),
      ),
    );
    let revision = (await other.create('a', 'before')) ?? 0;
    await servers[leader]?.kill();
    const begun = performance.now();
    await until(
      'a write after the kill',
      async () => {
        const entry = await other.get('a');
        if (entry === undefined) return false;
        const next = await other.update('a', 'after', entry.revision);
        if (next !== undefined) revision = next;
        return next !== undefined;
      },
      { deadlineMs: 30_000 },
    );
    expect(performance.now() - begun).toBeLessThan(20_000);
    await until('all watches', () => [0, 1, 2].every((index) => seen.get(index) === 'after'), {
      deadlineMs: 20_000,
    });
    await until('the client of the killed server', () => led.get('a').catch(() => undefined));
    expect(await led.update('a', 'moved', revision)).toBeGreaterThan(revision);
    await servers[leader]?.start();
    for (const bucket of buckets) bucket.close();
  });
});

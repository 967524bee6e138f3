import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  RetentionPolicy,
  StorageType,
} from 'nats';
import type { MeshLog } from '../types.ts';
import { API, apiCode, clientCode, explained, NatsProblem } from './problem.ts';

export interface BucketOptions {
  /** Memory: gone when all its servers restarted, and then made again. */
  readonly storage: 'memory' | 'file';
}

const WANTED_REPLICAS = 3;

/**
 * Makes the bucket when it is missing, with min(3, servers) replicas; gives one more replicas when servers came.
 * Returns the number of replicas. @throws NatsProblem that says what to do
 */
export async function ensureBucket(
  connection: NatsConnection,
  manager: JetStreamManager,
  bucket: string,
  options: BucketOptions,
  log: MeshLog,
): Promise<number> {
  try {
    const found = await replicasOf(manager, bucket);
    const isCluster = connection.info?.cluster !== undefined;
    const replicas =
      found === undefined
        ? await make(manager, bucket, options, isCluster ? WANTED_REPLICAS : 1)
        : await grow(manager, bucket, found, isCluster ? WANTED_REPLICAS : 1);
    if (found === undefined) log.info({ bucket, replicas }, 'the bucket was missing in NATS and was made');
    if (replicas < WANTED_REPLICAS) {
      log.warn(
        { bucket, replicas },
        `NATS keeps ${replicas === 1 ? 'one copy' : 'two copies'} of who runs what: run three servers, or the loss of one stops every takeover`,
      );
    }
    return replicas;
  } catch (error) {
    throw explained(error);
  }
}

const config = (bucket: string, { storage }: BucketOptions, replicas: number) => ({
  name: `KV_${bucket}`,
  subjects: [`$KV.${bucket}.>`],
  retention: RetentionPolicy.Limits,
  storage: storage === 'memory' ? StorageType.Memory : StorageType.File,
  num_replicas: replicas,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  allow_rollup_hdrs: true,
  deny_delete: true,
  // Reads by any replica may be old; those by the leader see what was written before.
  allow_direct: false,
});

async function replicasOf(manager: JetStreamManager, bucket: string): Promise<number | undefined> {
  try {
    return (await manager.streams.info(`KV_${bucket}`)).config.num_replicas;
  } catch (error) {
    if (apiCode(error) === API.bucketMissing) return undefined;
    throw error;
  }
}

async function make(
  manager: JetStreamManager,
  bucket: string,
  options: BucketOptions,
  most: number,
): Promise<number> {
  for (let replicas = most; ; replicas -= 1) {
    try {
      await manager.streams.add(config(bucket, options, replicas));
      return replicas;
    } catch (error) {
      if (apiCode(error) === API.nameInUse) return (await replicasOf(manager, bucket)) ?? replicas;
      if (replicas === 1 || !isTooFew(error)) throw error;
    }
  }
}

async function grow(manager: JetStreamManager, bucket: string, now: number, most: number): Promise<number> {
  for (let replicas = most; replicas > now; replicas -= 1) {
    try {
      await manager.streams.update(`KV_${bucket}`, { num_replicas: replicas });
      return replicas;
    } catch (error) {
      if (!isTooFew(error) && clientCode(error) !== 'TIMEOUT') throw error;
    }
  }
  return now;
}

const isTooFew = (error: unknown): boolean =>
  (API.tooFewServers as readonly number[]).includes(apiCode(error) ?? 0);

/** @throws NatsProblem when JetStream is off or the rights are missing */
export async function jetStreamManager(connection: NatsConnection): Promise<JetStreamManager> {
  try {
    return await connection.jetstreamManager({ checkAPI: true, timeout: 5_000 });
  } catch (error) {
    const problem = explained(error);
    if (problem instanceof NatsProblem || clientCode(error) !== 'TIMEOUT') throw problem;
    throw new NatsProblem(
      'JetStream does not answer: the NATS servers have no leader (most of them must run and reach each other), or the rights for $JS.API.> and _INBOX.> are missing.',
      { cause: error },
    );
  }
}

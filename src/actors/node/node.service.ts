import os from 'node:os';
import type { ServiceSchema } from 'moleculer';
import type { NodeInfo } from '../../contracts/entities.ts';
import { publish } from '../../contracts/events.ts';
import { node } from '../../contracts/node.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { LoadMeter } from '../../mixins/health.ts';
import { serviceSchema } from '../../mixins/service.ts';

export interface NodeParts extends Pick<
  NodeContext,
  'broker' | 'config' | 'degraded' | 'incarnation' | 'log' | 'nodeId' | 'startedAt' | 'store' | 'clock'
> {
  readonly version: string;
  /** Names of the actors on this node. */
  readonly actors: () => readonly string[];
  /** What else does not work as it should right now, one sentence each. */
  readonly problems: () => readonly string[];
}

/** Between two signs of life in the store, and two measurements of the load. Milliseconds. */
const BEAT_MS = 2_000;

/** The node itself: how it fares, and the sign of life by which the next start knows when this one ended. */
export function createNodeService(parts: NodeParts): ServiceSchema {
  const { broker, clock, config, degraded, log, store } = parts;
  const host = os.hostname();
  const meter = new LoadMeter();
  let load = meter.read();
  let told = '';
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  const sentences = (): string[] => [...degraded.values(), ...parts.problems()].sort();

  const record = (stoppedAt: number | null): Promise<void> =>
    store.nodes.save({
      id: parts.nodeId,
      host,
      incarnation: parts.incarnation,
      startedAt: parts.startedAt,
      seenAt: Math.round(clock.now()),
      stoppedAt,
    });

  async function beat(): Promise<void> {
    load = meter.read();
    const now = sentences();
    if (now.join('\n') !== told) {
      told = now.join('\n');
      await publish(broker, 'node.degraded', { node: parts.nodeId, degraded: now });
    }
    try {
      await record(null);
      failing = false;
    } catch (err) {
      if (!failing) log.warn({ err }, 'the sign of life could not be stored');
      failing = true;
    }
  }

  return serviceSchema({
    contract: node,
    log,
    async start() {
      await record(null);
      timer = setInterval(() => void beat(), BEAT_MS);
    },
    async stop() {
      clearInterval(timer);
      meter.close();
      await record(Math.round(clock.now()));
    },
    actions: {
      info: (): NodeInfo => {
        const names = parts.actors();
        return {
          id: parts.nodeId,
          roles: [...config.roles],
          labels: config.labels,
          host,
          version: parts.version,
          startedAt: new Date(parts.startedAt).toISOString(),
          alive: true,
          load,
          actors: names.length,
          cameras: names.filter((name) => name.startsWith('camera.')).length,
          degraded: sentences(),
        };
      },
    },
  });
}

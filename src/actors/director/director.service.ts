import type { ServiceSchema } from 'moleculer';
import { catalog } from '../../contracts/catalog.ts';
import { client } from '../../contracts/define.ts';
import type { Assignment, NodeInfo } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { director, node } from '../../contracts/node.ts';
import { ownershipOf } from '../../mesh/ownership.ts';
import type { KeyValue, KeyValueEntry } from '../../mesh/types.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { nodesRunning } from '../../mixins/nodes.ts';
import { serviceSchema } from '../../mixins/service.ts';
import type { DesiredActor } from './desired.ts';
import { type ActorHost, Reconciler } from './reconciler.ts';

export interface DirectorParts extends Pick<
  NodeContext,
  'broker' | 'config' | 'log' | 'nodeId' | 'incarnation' | 'store' | 'clock'
> {
  /** Assignments. */
  readonly bucket: KeyValue;
  readonly host: ActorHost;
}

/** What failed to start, or was missed, is looked at again after this time. Milliseconds. */
const EVERY_MS = 5_000;
const ANSWER_MS = 2_000;

/** Who runs what. Looks at the cameras when they change and every few seconds. */
export function createDirectorService(parts: DirectorParts): ServiceSchema {
  const { broker, bucket, clock, log } = parts;
  const reconciler = new Reconciler({
    bucket,
    log,
    host: parts.host,
    self: { node: parts.nodeId, incarnation: parts.incarnation },
    roles: parts.config.roles,
    now: () => clock.now(),
    documents: () => client(broker, catalog).cameraDocuments({}),
    knownEpoch: (actor) => knownEpoch(parts, actor),
  });
  let timer: NodeJS.Timeout | undefined;

  const assignments = async (): Promise<Assignment[]> => {
    const assigned = (await bucket.list('')).map(assignmentOf);
    const names = new Set(assigned.filter(({ owner }) => owner !== null).map(({ actor }) => actor));
    const unplaced = [...reconciler.unplaced].filter(([actor]) => !names.has(actor));
    return [
      ...assigned.filter(({ actor }) => !reconciler.unplaced.has(actor) || names.has(actor)),
      ...unplaced.map(([actor, reason]) => ({
        actor,
        owner: null,
        epoch: 0,
        since: new Date(clock.now()).toISOString(),
        reasons: [reason],
      })),
    ];
  };

  return serviceSchema({
    contract: director,
    log,
    async start() {
      await broker.waitForServices([catalog.name]);
      await reconciler.run();
      timer = setInterval(() => void reconciler.run(), EVERY_MS);
    },
    async stop() {
      clearInterval(timer);
      await reconciler.stop();
      await Promise.all(parts.host.running.map(({ name }) => parts.host.end(name)));
    },
    events: {
      'camera.changed': () => reconciler.run(),
    },
    actions: {
      async nodes() {
        const infos = await Promise.all(
          nodesRunning(broker, node.name).map((nodeID) =>
            client(broker, node, { nodeID, timeout: ANSWER_MS })
              .info({})
              .catch(() => undefined),
          ),
        );
        return { items: infos.filter((info): info is NodeInfo => info !== undefined) };
      },
      async placement({ actor }) {
        const found = (await assignments()).find((assignment) => assignment.actor === actor);
        if (found === undefined) throw new SightmeshError('not_found', `there is no actor ${actor}`);
        return found;
      },
      async assignments({ camera }) {
        const all = await assignments();
        return {
          items: camera === undefined ? all : all.filter(({ actor }) => actor.split('.')[1] === camera),
        };
      },
    },
  });
}

const assignmentOf = (entry: KeyValueEntry): Assignment => {
  const { owner, epoch, since, reasons } = ownershipOf(entry);
  return { actor: entry.key, owner, epoch, since, reasons: [...reasons] };
};

/** An assignment that was lost must not begin below what the recordings already carry. */
async function knownEpoch({ store }: DirectorParts, { camera }: DesiredActor): Promise<number> {
  const segments = await store.segments.find({ camera });
  return segments.reduce((highest, { epoch }) => Math.max(highest, epoch), 0);
}

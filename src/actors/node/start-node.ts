import { randomUUID } from 'node:crypto';
import { ServiceBroker } from 'moleculer';
import type { LoadedConfig } from '../../../config/load.ts';
import { brokerOptions } from '../../../moleculer.config.ts';
import { recordNodeDown } from '../../archive/downtime.ts';
import { recover } from '../../archive/recover.ts';
import { HubRegistry } from '../../media/hub/registry.ts';
import type { JobTable } from '../../jobs/embedded/table.ts';
import { nodeClock } from '../../media/timeline.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { openJournal } from '../../store/journal/journal.ts';
import { createSecrets, loadSecret } from '../../store/secrets.ts';
import { openSqliteStore } from '../../store/sqlite/store.ts';
import type { NodeRecord } from '../../store/types.ts';
import { ensureAdmin } from '../accounts/first-admin.ts';
import { Closers } from './closers.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { createLog, type NodeLog } from './log.ts';
import { type MediaParts, openMedia } from './media-parts.ts';
import { type Addresses, createServices } from './services.ts';

export interface StartOptions extends LoadedConfig {
  readonly version: string;
  /** Folder of the built console; null serves the API only. */
  readonly consoleFolder: string | null;
}

export interface RunningNode {
  readonly addresses: Addresses;
  /** Of the first user, when it was made at this start; to be shown once. */
  readonly adminPassword: string | null;
  readonly log: NodeLog;
  readonly broker: ServiceBroker;
  /** Idempotent. Never rejects. */
  stop(): Promise<void>;
}

/** What the context of a node is made from before its media parts. */
export type BaseContext = NodeContext & {
  readonly folder: DataFolder;
  /** The life of this node before, as the store knows it. */
  readonly previous: NodeRecord | undefined;
  /** What the embedded job queue stands on. */
  readonly jobTable: JobTable;
  readonly assignments: ReturnType<Awaited<ReturnType<typeof openSqliteStore>>['keyValue']>;
};

/**
 * Puts a node together and starts it; everything that was opened is closed again when something on the way fails.
 * @throws DataFolderError, and Error with a sentence for a person
 */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  const { config } = options;
  const log = createLog({ level: config.log.level, node: config.nodeId });
  const closers = new Closers(log);
  try {
    for (const warning of options.warnings) log.warn({}, warning);
    const context = await openContext(options, log, closers);
    const media = await openMedia(context, closers);
    await putInOrder(context, media);
    const services = await createServices(context, media, options, closers);
    const admin = await ensureAdmin(context);
    closers.add('services', () => context.broker.stop());
    await services.start();
    log.info({ version: options.version, roles: config.roles, config: options.file }, 'the node is ready');
    return {
      addresses: services.addresses(),
      adminPassword: admin.password,
      log,
      broker: context.broker,
      stop: async () => {
        await closers.close();
        log.info({}, 'the node has stopped');
        await new Promise<void>((resolve) => log.flush(() => resolve()));
      },
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Files that began in the last minutes of the life before may be unknown to the index. Milliseconds. */
const UNLISTED_MS = 10 * 60_000;

/** Explains the time since the life before, and brings what it was writing to an end. */
async function putInOrder(context: BaseContext, { volumes }: MediaParts): Promise<void> {
  const { journal, previous, startedAt } = context;
  await journal.drained();
  await recordNodeDown(context, previous);
  const seen = previous?.seenAt ?? startedAt;
  await recover({ ...context, volumes }, { since: seen - UNLISTED_MS, until: startedAt });
}

async function openContext({ config }: StartOptions, log: NodeLog, closers: Closers): Promise<BaseContext> {
  const folder = await openDataFolder(config.data);
  closers.add('data folder', () => folder.release());
  const secrets = createSecrets(await loadSecret(config.secret, folder.keys));
  const store = await openSqliteStore(folder.catalog);
  closers.add('catalog', () => store.close());
  const degraded = new Map<string, string>();
  const journal = await openJournal({
    folder: folder.journal,
    node: config.nodeId,
    sink: store.journal,
    onProblem: (problem) => {
      if (problem === null) degraded.delete('journal');
      else degraded.set('journal', `The catalog takes nothing: ${problem}. Entries wait in the journal.`);
    },
  });
  closers.add('journal', () => journal.close());
  const hubs = new HubRegistry();
  return {
    config,
    log,
    nodeId: config.nodeId,
    incarnation: randomUUID(),
    startedAt: Math.round(nodeClock.now()),
    broker: new ServiceBroker(brokerOptions({ nodeId: config.nodeId, log })),
    clock: nodeClock,
    store,
    journal,
    secrets,
    hubs,
    degraded,
    folder,
    previous: await store.nodes.get(config.nodeId),
    jobTable: store.jobs,
    assignments: store.keyValue('assignments'),
  };
}

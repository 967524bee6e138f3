import type { ServiceBroker } from 'moleculer';
import type { Config } from '../../config/schema.ts';
import type { HubRegistry } from '../media/hub/registry.ts';
import type { Clock } from '../media/timeline.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Journal, Store } from '../store/types.ts';
import type { Logger } from './health.ts';

/**
 * What every service and actor of a node shares. It is closed over by their schema factories, never put into a schema:
 * Moleculer clones those.
 */
export interface NodeContext {
  readonly config: Config;
  readonly log: Logger;
  readonly nodeId: string;
  readonly broker: ServiceBroker;
  readonly clock: Clock;
  /** New at each start of the node. */
  readonly incarnation: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly store: Store;
  readonly journal: Journal;
  readonly secrets: Secrets;
  readonly hubs: HubRegistry;
  /** Parts that do not work as they should: name of the part → one sentence. Shown by the node's info. */
  readonly degraded: Map<string, string>;
}

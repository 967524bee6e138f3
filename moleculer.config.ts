import { type BrokerOptions, Loggers } from 'moleculer';
import type { Logger } from './src/mixins/health.ts';

export interface BrokerParts {
  readonly nodeId: string;
  readonly log: Logger;
}

/** The broker of a node. One node alone needs no bus: Moleculer then calls within the process. */
export function brokerOptions({ nodeId, log }: BrokerParts): BrokerOptions {
  return {
    namespace: 'sightmesh',
    nodeID: nodeId,
    logger: new LogBridge(log),
    transporter: null,
    // Buffers and dates arrive as what they were.
    serializer: 'JSONExt',
    requestTimeout: 30_000,
    // A crashed node is noticed after 5 to 10 s; leases act sooner.
    heartbeatInterval: 2,
    heartbeatTimeout: 5,
    // Stopping waits for the calls in hand.
    tracking: { enabled: true, shutdownTimeout: 5_000 },
    // Where an actor runs is looked up, and pools are called by their strategy, never by what happens to be near.
    registry: { preferLocal: false },
    // The contracts validate, with one schema for calls, REST and documentation.
    validator: false,
    // The gateway shows them at /metrics.
    metrics: { enabled: true, collectInterval: 15 },
    // The command ends the node, with a deadline.
    skipProcessEventRegistration: true,
  };
}

/** Moleculer's own lines in the log of the node, one level down: what it calls information is detail here. */
class LogBridge extends Loggers.Base<object> {
  readonly #log: Logger;

  constructor(log: Logger) {
    super();
    this.#log = log;
  }

  override getLogHandler(bindings: { mod: string }): (level: string, args: unknown[]) => void {
    return (level, args) => {
      const errors = args.filter((one) => one instanceof Error);
      const fields = { mod: bindings.mod, ...(errors[0] && { err: errors[0] }) };
      const words = args.map((one) => (one instanceof Error ? one.message : one));
      const message = words.filter((one) => typeof one === 'string').join(' ');
      if (level === 'fatal' || level === 'error') this.#log.error(fields, message);
      else if (level === 'warn') this.#log.warn(fields, message);
      else this.#log.debug(fields, message);
    };
  }
}

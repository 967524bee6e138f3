import type { ServiceBroker } from 'moleculer';

interface ServiceEntry {
  readonly fullName: string;
  readonly nodeID: string;
}

/** The nodes on which a service or actor runs, as far as this one knows. */
export function nodesRunning(broker: ServiceBroker, service: string): string[] {
  // Moleculer types the entries as services, which they are not.
  const entries = broker.registry.getServiceList({ onlyAvailable: true }) as unknown as ServiceEntry[];
  return entries.filter(({ fullName }) => fullName === service).map(({ nodeID }) => nodeID);
}

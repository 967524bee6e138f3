import type { TopologyDescription } from 'mongodb';

/** Servers of a replica set from which on one may be lost without losing the majority. */
const SAFE_MEMBERS = 3;

/** What the way in which the servers stand together puts at risk; undefined when it is nothing. */
export function standingWarning(
  topology: Pick<TopologyDescription, 'servers'>,
  where: string,
): string | undefined {
  const servers = [...topology.servers.values()];
  if (servers.some(({ type }) => type === 'Mongos' || type === 'LoadBalancer')) return undefined;
  const primary = servers.find(({ type }) => type === 'RSPrimary');
  if (primary === undefined) {
    return (
      `MongoDB at ${where} is no replica set: while this one server is down no camera, user or rule can be changed and ` +
      'nothing recorded meanwhile is listed, and when its disk is lost, cameras, users, events and the index of ' +
      'recordings are lost with it. Run three servers as a replica set (docs/operations.md)'
    );
  }
  const members = primary.allHosts.length;
  if (members >= SAFE_MEMBERS) return undefined;
  return (
    `the MongoDB replica set ${primary.setName ?? ''} has ${String(members)} of ${String(SAFE_MEMBERS)} servers: ` +
    'when one is down there is no majority and nothing can be written. Add servers (docs/operations.md)'
  );
}

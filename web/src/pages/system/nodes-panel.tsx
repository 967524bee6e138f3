import { Badge, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { NodeInfo } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { KEYS } from '../../api/queries.ts';
import { formatBytes, formatDuration } from '../../components/format.ts';
import { Panel, Trouble, Waiting } from '../../components/page.tsx';
import { useNow } from '../camera/use-now.ts';
import classes from './system.module.css';

const EVERY_MS = 5000;
/** The event loop's delay from which a node no longer moves packets in time, milliseconds. */
const LAG_WARN_MS = 50;

export function NodesPanel() {
  const { data, error, refetch } = useQuery({
    queryKey: KEYS.nodes,
    queryFn: ({ signal }) => call('nodes', {}, signal),
    refetchInterval: EVERY_MS,
  });
  const degraded = data?.items.filter((node) => node.degraded.length > 0 || !node.alive).length ?? 0;
  return (
    <Panel
      title="Nodes"
      note={data && (degraded === 0 ? 'All is well' : `${degraded} of ${data.items.length} needs a look`)}
    >
      {error && !data && <Trouble error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      <div className={classes.nodes}>
        {data?.items.map((node) => (
          <NodeCard key={node.id} node={node} />
        ))}
      </div>
    </Panel>
  );
}

function NodeCard({ node }: { node: NodeInfo }) {
  const now = useNow(30_000);
  const labels = Object.entries(node.labels).map(([name, value]) => `${name}=${value}`);
  return (
    <article className={classes.node} aria-label={`Node ${node.id}`} data-node={node.id}>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Text fw={600} className={classes.cut}>
          {node.id}
        </Text>
        <Badge
          variant="light"
          size="sm"
          tt="none"
          fw={500}
          color={!node.alive ? 'red' : node.degraded.length > 0 ? 'orange' : 'teal'}
        >
          {!node.alive ? 'Down' : node.degraded.length > 0 ? 'Degraded' : 'Running'}
        </Badge>
      </Group>
      <Text size="xs" c="var(--sm-soft)">
        {[
          node.host,
          `version ${node.version}`,
          `up ${formatDuration(now - Date.parse(node.startedAt))}`,
        ].join(' · ')}
      </Text>
      <dl className={classes.figures}>
        <Figure name="Cameras" value={String(node.cameras)} />
        <Figure name="Actors" value={String(node.actors)} />
        <Figure name="CPU" value={`${node.load.cpu.toFixed(2)} cores`} />
        <Figure name="Memory" value={formatBytes(node.load.memoryBytes)} />
        <Figure
          name="Event loop lag"
          value={`${node.load.eventLoopLagMs.toFixed(1)} ms`}
          warn={node.load.eventLoopLagMs > LAG_WARN_MS}
        />
      </dl>
      <Group gap={4} mt={8}>
        {[...node.roles, ...labels].map((word) => (
          <Badge key={word} size="xs" variant="default" tt="none" fw={500}>
            {word}
          </Badge>
        ))}
      </Group>
      {node.degraded.map((sentence) => (
        <p key={sentence} className={classes.degraded}>
          <IconAlertTriangle size={16} stroke={1.7} aria-hidden />
          <span>{sentence}</span>
        </p>
      ))}
    </article>
  );
}

function Figure({ name, value, warn = false }: { name: string; value: string; warn?: boolean }) {
  return (
    <div data-warn={warn || undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

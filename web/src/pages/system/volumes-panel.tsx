import { Badge, Group, Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { VolumeInfo } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { KEYS } from '../../api/queries.ts';
import { formatBytes } from '../../components/format.ts';
import { Panel, Trouble, Waiting } from '../../components/page.tsx';
import classes from './system.module.css';

const STATES: Record<VolumeInfo['state'], { text: string; colour: string }> = {
  ok: { text: 'In use', colour: 'teal' },
  full: { text: 'Full', colour: 'orange' },
  missing: { text: 'Missing', colour: 'red' },
  failed: { text: 'Failed', colour: 'red' },
};

/** The room that recordings have. */
export function VolumesPanel() {
  const { data, error, refetch } = useQuery({
    queryKey: KEYS.volumes,
    queryFn: ({ signal }) => call('volumes', {}, signal),
    refetchInterval: 15_000,
  });
  return (
    <Panel title="Storage" note="The oldest recordings make room when a volume is full">
      {error && !data && <Trouble error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.items.length === 0 && (
        <Text size="sm" c="var(--sm-soft)">
          No node has a volume: nothing is recorded.
        </Text>
      )}
      {data?.items.map((volume) => (
        <Volume key={volume.id} volume={volume} />
      ))}
    </Panel>
  );
}

function Volume({ volume }: { volume: VolumeInfo }) {
  const { totalBytes, freeBytes, usedBytes, state } = volume;
  const share = (bytes: number): number => (totalBytes > 0 ? (bytes / totalBytes) * 100 : 0);
  const others = Math.max(0, totalBytes - freeBytes - usedBytes);
  return (
    <article className={classes.volume} aria-label={`Volume ${volume.path}`}>
      <Group gap="xs" justify="space-between" wrap="nowrap" mb={5}>
        <Text size="sm" fw={600} className={classes.cut}>
          {volume.path}
        </Text>
        <Badge variant="light" size="sm" tt="none" fw={500} color={STATES[state].colour}>
          {STATES[state].text}
        </Badge>
      </Group>
      <Progress.Root size={8} radius="sm">
        <Progress.Section
          value={share(usedBytes)}
          color="lagoon"
          aria-label={`${Math.round(share(usedBytes))} % used by recordings`}
        />
        <Progress.Section
          value={share(others)}
          color="gray"
          aria-label={`${Math.round(share(others))} % used by others`}
        />
      </Progress.Root>
      <Text size="xs" c="var(--sm-soft)" mt={4}>
        {formatBytes(usedBytes)} recordings · {formatBytes(freeBytes)} free of {formatBytes(totalBytes)}
        {volume.node !== null && ` · ${volume.node}`}
        {volume.tier === 'cold' && ' · cold'}
      </Text>
      {volume.message !== null && (
        <Text size="sm" c={state === 'ok' ? 'var(--sm-soft)' : 'var(--sm-warn)'} mt={4}>
          {volume.message}
        </Text>
      )}
    </article>
  );
}

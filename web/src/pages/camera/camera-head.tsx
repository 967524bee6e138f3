import { ActionIcon, Group, Text, Title, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { statusQuery } from '../../api/queries.ts';
import { streamWords } from '../../components/camera-words.ts';
import { formatShare } from '../../components/format.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import type { LadderState } from '../../player/ladder.ts';
import { TransportBadge } from '../../player/transport-badge.tsx';
import { useMay } from '../../session/session.ts';
import classes from './camera.module.css';

interface CameraHeadProps {
  readonly camera: Camera;
  readonly ladder: LadderState | null;
  readonly live: boolean;
}

export function CameraHead({ camera, ladder, live }: CameraHeadProps) {
  const { data: status } = useQuery(statusQuery(camera.id));
  const may = useMay();
  const main = status?.streams['main'];
  return (
    <Group className={classes.head} gap="sm" wrap="nowrap">
      <Tooltip label="Live wall (Esc)">
        <ActionIcon
          component={Link}
          href="/"
          variant="subtle"
          color="gray"
          aria-label="Back to the live wall"
        >
          <IconArrowLeft size={20} stroke={1.7} />
        </ActionIcon>
      </Tooltip>
      <Title order={1} size="h4" lineClamp={1}>
        {camera.name}
      </Title>
      {status && <StateBadge state={status.state} />}
      {live && ladder && (
        <TransportBadge state={ladder} enabled={camera.enabled} codec={main?.codec ?? null} />
      )}
      <Text size="sm" c="dimmed" ml="auto" visibleFrom="sm" lineClamp={1}>
        {main && streamWords(main)}
      </Text>
      {status?.coverageToday != null && (
        <Tooltip label="Share of today that was really recorded">
          <Text size="sm" c="dimmed" visibleFrom="md">
            {formatShare(status.coverageToday)} recorded
          </Text>
        </Tooltip>
      )}
      {may('cameras.manage') && (
        <Tooltip label="Settings">
          <ActionIcon
            component={Link}
            href={`/cameras/${camera.id}/settings`}
            variant="subtle"
            color="gray"
            aria-label="Settings of this camera"
          >
            <IconSettings size={20} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

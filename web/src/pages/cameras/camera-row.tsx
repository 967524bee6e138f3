import { ActionIcon, Badge, Text, Tooltip } from '@mantine/core';
import { IconAdjustments, IconVideoOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Camera, CameraStatus } from '../../../../src/contracts/entities.ts';
import { statusQuery } from '../../api/queries.ts';
import { snapshotUrl } from '../../api/urls.ts';
import { cameraWords, streamWords } from '../../components/camera-words.ts';
import { formatShare } from '../../components/format.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { useMay } from '../../session/session.ts';
import classes from './cameras.module.css';

const STATUS_EVERY_MS = 15_000;

/** One camera of the list. */
export function CameraRow({ camera }: { camera: Camera }) {
  const may = useMay();
  const { data: status } = useQuery({ ...statusQuery(camera.id), refetchInterval: STATUS_EVERY_MS });
  return (
    <li className={classes.row} data-camera={camera.id}>
      <Link href={`/cameras/${camera.id}`} className={classes.thumb} tabIndex={-1} aria-hidden>
        <Thumb camera={camera} live={status?.state === 'live'} />
      </Link>
      <span className={classes.who}>
        <Link href={`/cameras/${camera.id}`} className={classes.name}>
          {camera.name}
        </Link>
        <span className={classes.soft}>
          {camera.id}
          <Origin camera={camera} />
        </span>
      </span>
      <State status={status} />
      <span className={classes.streams}>
        {Object.entries(status?.streams ?? {}).map(([name, stream]) => (
          <span key={name}>
            {streamWords(stream)}
            {name === 'main' ? '' : ` (${name})`}
          </span>
        ))}
      </span>
      <Coverage camera={camera} status={status} />
      <span className={classes.node}>{status?.node ?? ''}</span>
      {may('cameras.manage') ? (
        <Tooltip label={camera.origin === 'config' ? 'Look at the settings' : 'Settings'} openDelay={400}>
          <ActionIcon
            component={Link}
            href={`/cameras/${camera.id}/settings`}
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Settings of ${camera.name}`}
          >
            <IconAdjustments size={19} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      ) : (
        <span />
      )}
    </li>
  );
}

function Origin({ camera }: { camera: Camera }) {
  if (camera.origin === 'catalog') return null;
  const text = camera.origin === 'config' ? 'from the configuration file' : 'demo';
  return (
    <Badge size="xs" variant="default" tt="none" fw={500} ml={6}>
      {text}
    </Badge>
  );
}

function State({ status }: { status: CameraStatus | undefined }) {
  if (!status) return <span />;
  const words = cameraWords(status);
  return (
    <span className={classes.state}>
      <StateBadge state={status.state} />
      {status.state !== 'live' && status.state !== 'disabled' && <span>{words}</span>}
    </span>
  );
}

/** Below this a day of recording needs a look. */
const GOOD = 0.99;

function Coverage({ camera, status }: { camera: Camera; status: CameraStatus | undefined }) {
  if (camera.record.mode === 'off') return <span className={classes.coverage}>Not recording</span>;
  const share = status?.coverageToday;
  if (share == null) return <span className={classes.coverage}>–</span>;
  return (
    <span className={classes.coverage}>
      <Text span size="sm" {...(share < GOOD && { c: 'var(--sm-warn)', fw: 600 })}>
        {formatShare(share)}
      </Text>
      <span className={classes.onPhone}> recorded today</span>
    </span>
  );
}

function Thumb({ camera, live }: { camera: Camera; live: boolean }) {
  const [failed, setFailed] = useState(false);
  if (!live || failed) return <IconVideoOff size={18} stroke={1.3} />;
  return (
    <img
      src={snapshotUrl(camera.id, { height: 144 })}
      alt=""
      loading="lazy"
      onError={() => setFailed(true)}
    />
  );
}

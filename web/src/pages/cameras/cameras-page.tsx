import { Button, CloseButton, Text, TextInput } from '@mantine/core';
import { IconDeviceCctv, IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { camerasQuery } from '../../api/queries.ts';
import { Nothing, Page, Trouble, Waiting } from '../../components/page.tsx';
import { useMay } from '../../session/session.ts';
import { CameraRow } from './camera-row.tsx';
import classes from './cameras.module.css';

/** All cameras and how they fare. */
export function CamerasPage() {
  const { data: cameras, error, refetch } = useQuery(camerasQuery);
  const may = useMay();
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const shown = cameras?.filter(({ id, name }) => `${id} ${name.toLowerCase()}`.includes(wanted)) ?? [];
  const add = may('cameras.manage') && (
    <Button component={Link} href="/cameras/new" size="xs" leftSection={<IconPlus size={16} />}>
      Add a camera
    </Button>
  );
  return (
    <Page
      title="Cameras"
      beside={
        cameras && (
          <Text size="sm" c="var(--sm-soft)">
            {cameras.length}
          </Text>
        )
      }
      actions={add}
    >
      {cameras && cameras.length > 5 && (
        <TextInput
          size="xs"
          maw={280}
          aria-label="Search cameras"
          placeholder="Search cameras"
          leftSection={<IconSearch size={15} />}
          rightSection={
            text === '' ? null : <CloseButton size="xs" aria-label="Clear" onClick={() => setText('')} />
          }
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {error && <Trouble error={error} onRetry={() => void refetch()} />}
      {!cameras && !error && <Waiting />}
      {cameras?.length === 0 && (
        <Nothing icon={IconDeviceCctv} title="No cameras yet">
          {add}
        </Nothing>
      )}
      {shown.length > 0 && (
        <ul className={classes.list} aria-label="Cameras">
          <li className={classes.headRow} aria-hidden>
            <span />
            <span>Camera</span>
            <span>State</span>
            <span>Picture</span>
            <span>Recorded today</span>
            <span>Node</span>
            <span />
          </li>
          {shown.map((camera) => (
            <CameraRow key={camera.id} camera={camera} />
          ))}
        </ul>
      )}
      {cameras && cameras.length > 0 && shown.length === 0 && (
        <Text size="sm" c="var(--sm-soft)">
          No camera is called “{text}”.
        </Text>
      )}
    </Page>
  );
}

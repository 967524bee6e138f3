import { ActionIcon, Alert, Button, Text, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconFileSettings, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { camerasQuery, KEYS } from '../../api/queries.ts';
import { Confirm } from '../../components/confirm.tsx';
import { notifyDone } from '../../components/notify.ts';
import { Page, Trouble, Waiting } from '../../components/page.tsx';
import { NotFound } from '../not-found.tsx';
import { AreasSection } from './areas-section.tsx';
import { ConnectionSection } from './connection-section.tsx';
import { DetectionSection } from './detection-section.tsx';
import { draftOf, patchOf, serverErrors } from './draft.ts';
import { RecordingSection } from './recording-section.tsx';
import { useDraft } from './use-draft.ts';
import classes from './form.module.css';

/** What is set for one camera. */
export function CameraSettingsPage() {
  const { id } = useParams();
  const { data: cameras, error, refetch } = useQuery(camerasQuery);
  if (error && !cameras) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (!cameras) return <Waiting />;
  const camera = cameras.find((candidate) => candidate.id === id);
  return camera ? <Settings key={camera.id} camera={camera} /> : <NotFound />;
}

function Settings({ camera }: { camera: Camera }) {
  const queries = useQueryClient();
  const readOnly = camera.origin === 'config';
  const { draft, start, changed, set, reset, errors, check } = useDraft(draftOf(camera));
  const save = useMutation({
    mutationFn: () => call('updateCamera', { id: camera.id, ...patchOf(start, draft) }),
    onSuccess: async (after) => {
      reset(draftOf(after));
      notifyDone('Saved');
      await queries.invalidateQueries({ queryKey: KEYS.cameras });
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (changed && check()) save.mutate();
  };
  const refused = serverErrors(save.error);
  const section = { draft, set, readOnly, errors: { ...refused, ...errors } };
  return (
    <Page title={camera.name} width={1180} beside={<Back camera={camera} />}>
      {readOnly && (
        <Alert variant="light" color="gray" icon={<IconFileSettings size={18} />}>
          This camera is written in the configuration file. Change it there and start the node again.
        </Alert>
      )}
      <form className={classes.form} onSubmit={submit} noValidate aria-label={`Settings of ${camera.name}`}>
        <ConnectionSection {...section} camera={camera} />
        <div className={classes.column}>
          <RecordingSection {...section} />
          <DetectionSection {...section} />
        </div>
        <div className={classes.wide}>
          <AreasSection {...section} camera={camera} />
        </div>
        {!readOnly && (
          <div className={`${classes.save} ${classes.wide}`}>
            <DeleteButton camera={camera} />
            {save.error && Object.keys(refused).length === 0 && <Trouble error={save.error} />}
            {Object.keys(section.errors).length > 0 && (
              <Text size="sm" c="var(--sm-bad)" role="alert">
                {refused['form'] ?? 'Some fields need a look'}
              </Text>
            )}
            <Button variant="default" disabled={!changed} onClick={() => reset(draftOf(camera))}>
              Undo changes
            </Button>
            <Button type="submit" disabled={!changed} loading={save.isPending}>
              Save
            </Button>
          </div>
        )}
      </form>
    </Page>
  );
}

function Back({ camera }: { camera: Camera }) {
  return (
    <>
      <Tooltip label="Back to the picture" openDelay={400}>
        <ActionIcon
          component={Link}
          href={`/cameras/${camera.id}`}
          variant="subtle"
          color="gray"
          aria-label="Back to the picture"
          style={{ order: -1 }}
        >
          <IconArrowLeft size={20} stroke={1.7} />
        </ActionIcon>
      </Tooltip>
      <Text size="sm" c="var(--sm-soft)">
        {camera.id}
      </Text>
    </>
  );
}

function DeleteButton({ camera }: { camera: Camera }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await call('deleteCamera', { id: camera.id });
    navigate('/cameras');
    notifyDone(`${camera.name} was removed`);
    await queries.invalidateQueries({ queryKey: KEYS.cameras });
  };
  return (
    <>
      <Button
        variant="subtle"
        color="red"
        mr="auto"
        leftSection={<IconTrash size={16} stroke={1.7} />}
        onClick={() => setAsking(true)}
      >
        Remove the camera
      </Button>
      <Confirm
        opened={asking}
        title={`Remove ${camera.name}?`}
        deed="Remove the camera"
        onConfirm={remove}
        onClose={() => setAsking(false)}
      >
        Recording and detection end now. What was recorded stays until its time is over.
      </Confirm>
    </>
  );
}

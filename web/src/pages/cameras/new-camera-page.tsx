import { Button, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { call } from '../../api/client.ts';
import { KEYS } from '../../api/queries.ts';
import { notifyDone } from '../../components/notify.ts';
import { Page, Trouble } from '../../components/page.tsx';
import { ConnectionSection } from './connection-section.tsx';
import { DetectionSection } from './detection-section.tsx';
import { EMPTY_DRAFT, inputOf, serverErrors } from './draft.ts';
import { RecordingSection } from './recording-section.tsx';
import { useDraft } from './use-draft.ts';
import classes from './form.module.css';

/** A camera is added. */
export function NewCameraPage() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const { draft, set, errors, check } = useDraft(EMPTY_DRAFT);
  const save = useMutation({
    mutationFn: () => call('createCamera', inputOf(draft)),
    onSuccess: async (camera) => {
      await queries.invalidateQueries({ queryKey: KEYS.cameras });
      notifyDone(`${camera.name} was added`);
      navigate(`/cameras/${camera.id}`);
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (check()) save.mutate();
  };
  const refused = serverErrors(save.error);
  const section = { draft, set, readOnly: false, errors: { ...refused, ...errors } };
  return (
    <Page title="Add a camera" width={1180}>
      <form className={classes.form} onSubmit={submit} noValidate aria-label="Add a camera">
        <ConnectionSection {...section} camera={null} />
        <div className={classes.column}>
          <RecordingSection {...section} />
          <DetectionSection {...section} />
        </div>
        <div className={`${classes.save} ${classes.wide}`}>
          {save.error && Object.keys(refused).length === 0 && <Trouble error={save.error} />}
          {Object.keys(section.errors).length > 0 && (
            <Text size="sm" c="var(--sm-bad)" role="alert">
              {refused['form'] ?? 'Some fields need a look'}
            </Text>
          )}
          <Button component={Link} href="/cameras" variant="default">
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Add the camera
          </Button>
        </div>
      </form>
    </Page>
  );
}

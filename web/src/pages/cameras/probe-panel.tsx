import { Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { Camera, ProbeResult } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { Trouble } from '../../components/page.tsx';
import { checkDraft, type CameraDraft } from './draft.ts';
import { probeFacts } from './probe-words.ts';
import classes from './form.module.css';

interface Found {
  readonly stream: 'main' | 'sub';
  readonly result: ProbeResult;
}

/** Tries the addresses as they stand in the form, and says in words what is there. */
export function ProbePanel({ draft, camera }: { draft: CameraDraft; camera: Camera | null }) {
  const probe = useMutation({ mutationFn: () => probeAll(draft, camera) });
  const errors = checkDraft(draft);
  const ready = errors['url'] === undefined && errors['subUrl'] === undefined;
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button
          variant="default"
          size="sm"
          leftSection={<IconPlugConnected size={17} stroke={1.7} />}
          disabled={!ready}
          loading={probe.isPending}
          onClick={() => probe.mutate()}
        >
          Try the connection
        </Button>
        {!ready && (
          <Text size="xs" c="var(--sm-soft)">
            The address comes first
          </Text>
        )}
      </Group>
      <div aria-live="polite" className={classes.probe}>
        {probe.error && <Trouble error={probe.error} />}
        {!probe.isPending &&
          probe.data?.map(({ stream, result }) => (
            <ProbeAnswer key={stream} stream={stream} result={result} named={probe.data.length > 1} />
          ))}
      </div>
    </Stack>
  );
}

async function probeAll(draft: CameraDraft, camera: Camera | null): Promise<Found[]> {
  const { username, password, forget } = draft;
  const login = {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(camera && !forget && { camera: camera.id }),
  };
  const addresses = [
    { stream: 'main' as const, url: draft.url.trim() },
    ...(draft.subUrl.trim() === '' ? [] : [{ stream: 'sub' as const, url: draft.subUrl.trim() }]),
  ];
  return Promise.all(
    addresses.map(async ({ stream, url }) => ({
      stream,
      result: await call('probeCamera', { url, ...login }),
    })),
  );
}

interface ProbeAnswerProps extends Found {
  readonly named: boolean;
}

function ProbeAnswer({ stream, result, named }: ProbeAnswerProps) {
  const about = !named ? 'The camera' : stream === 'main' ? 'The full picture' : 'The small picture';
  const facts = probeFacts(result);
  return (
    <div className={classes.answer} data-probe={result.ok ? 'ok' : (result.code ?? 'failed')}>
      <p className={classes.answerTitle}>
        {result.ok ? <IconCircleCheck size={18} /> : <IconAlertTriangle size={18} />}
        {about} {result.ok ? 'works' : 'does not work yet'}
      </p>
      {result.messages.map((message) => (
        <p key={message} className={classes.probeLine}>
          {message}
        </p>
      ))}
      {facts.length > 0 && <p className={classes.probeFacts}>{facts.join(' · ')}</p>}
    </div>
  );
}

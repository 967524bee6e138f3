import { Button, Group, PasswordInput, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { Panel } from '../../components/page.tsx';
import { ProbePanel } from './probe-panel.tsx';
import type { SectionProps } from './section.ts';

/** Name, addresses, user and password, and the trial. */
export function ConnectionSection({ camera, ...props }: SectionProps & { camera: Camera | null }) {
  const { draft, errors, readOnly, set } = props;
  const shared = { readOnly, autoComplete: 'off', spellCheck: false };
  return (
    <Panel title="Connection">
      <Stack gap="sm">
        <TextInput
          label="Name"
          placeholder="Front door"
          required
          maxLength={128}
          {...shared}
          value={draft.name}
          error={errors['name']}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <TextInput
          label="Address"
          description="RTSP address of the full picture"
          placeholder="rtsp://192.168.1.20/stream1"
          required
          type="url"
          {...shared}
          value={draft.url}
          error={errors['url']}
          onChange={(event) => set({ url: event.currentTarget.value })}
        />
        <TextInput
          label="Address of the small picture"
          description="Saves work: used for small tiles and to look for objects. May stay empty"
          placeholder="rtsp://192.168.1.20/stream2"
          type="url"
          {...shared}
          value={draft.subUrl}
          error={errors['subUrl']}
          onChange={(event) => set({ subUrl: event.currentTarget.value })}
        />
        <Credentials {...props} stored={camera?.hasCredentials ?? false} />
        <Switch
          label="Switched on"
          checked={draft.enabled}
          disabled={readOnly}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        {!readOnly && <ProbePanel draft={draft} camera={camera} />}
      </Stack>
    </Panel>
  );
}

function Credentials({ draft, errors, readOnly, set, stored }: SectionProps & { stored: boolean }) {
  if (readOnly) {
    return (
      <Text size="sm" c="var(--sm-soft)">
        {stored ? 'A user name or password is stored.' : 'No user name or password is stored.'}
      </Text>
    );
  }
  const keeps = stored && !draft.forget;
  const placeholder = keeps ? 'stored, not shown' : '';
  return (
    <div>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          label="User name"
          placeholder={placeholder}
          name="camera-user"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={draft.username}
          error={errors['username']}
          onChange={(event) => set({ username: event.currentTarget.value, forget: false })}
        />
        <PasswordInput
          label="Password"
          placeholder={placeholder}
          name="camera-password"
          autoComplete="new-password"
          value={draft.password}
          error={errors['password']}
          onChange={(event) => set({ password: event.currentTarget.value, forget: false })}
        />
      </SimpleGrid>
      {stored && (
        <Group gap="xs" mt={6}>
          <Text size="xs" c="var(--sm-soft)">
            {draft.forget
              ? 'The stored user name and password will be removed.'
              : 'Leave both empty to keep what is stored.'}
          </Text>
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            onClick={() => set({ forget: !draft.forget, username: '', password: '' })}
          >
            {draft.forget ? 'Keep them' : 'Remove them'}
          </Button>
        </Group>
      )}
    </div>
  );
}

import { Button, PasswordInput, SegmentedControl, Stack, useMantineColorScheme } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ApiError, call } from '../../api/client.ts';
import { Facts } from '../../components/facts.tsx';
import { notifyDone } from '../../components/notify.ts';
import { Page, Panel, Trouble } from '../../components/page.tsx';
import { useUser } from '../../session/session.ts';
import { ROLE_WORDS } from '../users/roles.ts';

/** The person at the screen: role, colours, password. */
export function AccountPage() {
  const user = useUser();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title="Account" width={560}>
      <Panel title={user.name}>
        <Facts
          facts={[
            ['Role', ROLE_WORDS[user.role].name],
            ['May', ROLE_WORDS[user.role].meaning],
            ['Cameras', user.cameras === '*' ? 'All' : user.cameras.join(', ') || 'None'],
          ]}
        />
      </Panel>
      <Panel title="Colours">
        <SegmentedControl
          aria-label="Colours"
          value={colorScheme}
          onChange={setColorScheme}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </Panel>
      <Panel title="Password" note="All other sessions of yours end">
        <PasswordForm name={user.name} />
      </Panel>
    </Page>
  );
}

const MIN_PASSWORD = 8;

function PasswordForm({ name }: { name: string }) {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const save = useMutation({
    mutationFn: () => call('changePassword', { current, password }),
    onSuccess: () => {
      notifyDone('The password was changed');
      setCurrent('');
      setPassword('');
      setAgain('');
    },
  });
  const refused = save.error instanceof ApiError ? save.error : null;
  const wrong = refused?.code === 'login_failed' ? 'This is not the current password' : undefined;
  const tooShort = password !== '' && password.length < MIN_PASSWORD;
  const differs = again !== '' && again !== password;
  const fieldError = refused?.fields.find(({ path }) => path === 'password')?.message;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput
          label="Current password"
          required
          autoComplete="current-password"
          value={current}
          error={wrong}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          required
          autoComplete="new-password"
          value={password}
          error={fieldError ?? (tooShort ? `At least ${MIN_PASSWORD} characters` : undefined)}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password again"
          required
          autoComplete="new-password"
          value={again}
          error={differs ? 'Not the same' : undefined}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        {refused && wrong === undefined && fieldError === undefined && <Trouble error={refused} />}
        <Button
          type="submit"
          style={{ alignSelf: 'flex-start' }}
          loading={save.isPending}
          disabled={current === '' || password.length < MIN_PASSWORD || again !== password}
        >
          Change the password
        </Button>
      </Stack>
    </form>
  );
}

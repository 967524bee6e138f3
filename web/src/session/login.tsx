import {
  Alert,
  Button,
  Card,
  Center,
  Loader,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { call, explain } from '../api/client.ts';
import { Mark } from '../components/mark.tsx';
import { SESSION_KEY } from './session.ts';

/** The first page for anybody who is not logged in. */
export function Login() {
  const queries = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => call('login', { username: username.trim(), password }),
    onSuccess: async () => {
      const session = await call('session', {});
      queries.setQueryData(SESSION_KEY, session);
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Center mih="100dvh" p="md">
      <Card component="main" w="100%" maw={380} p="xl" radius="lg" withBorder shadow="sm">
        <form onSubmit={submit}>
          <Stack>
            <Stack align="center" gap={6}>
              <Mark size={44} />
              <Title order={1} size="h3">
                Sightmesh
              </Title>
              <Text size="sm" c="dimmed">
                Log in to see your cameras
              </Text>
            </Stack>
            <TextInput
              label="User name"
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              required
              withAsterisk={false}
              value={username}
              onChange={(event) => setUsername(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              name="password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {login.error && (
              <Alert color="red" variant="light" icon={<IconAlertCircle size={18} />} role="alert">
                {explain(login.error)}
              </Alert>
            )}
            <Button type="submit" loading={login.isPending} fullWidth>
              Log in
            </Button>
          </Stack>
        </form>
      </Card>
    </Center>
  );
}

/** While it is not known yet who is there. */
export function Starting({ error }: { error: Error | null }) {
  return (
    <Center mih="100dvh" p="md">
      {error ? (
        <Alert color="red" title="No connection" maw={420}>
          {explain(error)}
        </Alert>
      ) : (
        <Loader aria-label="Loading" />
      )}
    </Center>
  );
}

import {
  Button,
  Group,
  Modal,
  MultiSelect,
  PasswordInput,
  Radio,
  Stack,
  Switch,
  TextInput,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import type { Camera, User } from '../../../../src/contracts/entities.ts';
import type { Role } from '../../../../src/contracts/rights.ts';
import { ApiError, call } from '../../api/client.ts';
import { notifyDone } from '../../components/notify.ts';
import { Trouble } from '../../components/page.tsx';
import { useUser } from '../../session/session.ts';
import { ROLE_NAMES, ROLE_WORDS } from './roles.ts';

interface UserDialogProps {
  /** Null: a new one. */
  readonly user: User | null;
  readonly cameras: readonly Camera[];
  readonly onClose: () => void;
  readonly onSaved: () => Promise<void>;
}

const MIN_PASSWORD = 8;

/** A user is added or changed. */
export function UserDialog({ user, cameras, onClose, onSaved }: UserDialogProps) {
  const me = useUser();
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'viewer');
  const [all, setAll] = useState(user ? user.cameras === '*' : true);
  const [chosen, setChosen] = useState<string[]>(user && user.cameras !== '*' ? user.cameras : []);
  const [disabled, setDisabled] = useState(user?.disabled ?? false);
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => {
      const shared = { role, cameras: all ? ('*' as const) : chosen };
      return user
        ? call('updateUser', { name: user.name, ...shared, disabled, ...(password !== '' && { password }) })
        : call('createUser', { name: name.trim(), password, ...shared });
    },
    onSuccess: async (saved) => {
      notifyDone(user ? `${saved.name} was changed` : `${saved.name} was added`);
      await onSaved();
      onClose();
    },
  });
  const fields = save.error instanceof ApiError ? save.error.fields : [];
  const errorOf = (path: string): string | undefined => fields.find((field) => field.path === path)?.message;
  const short = password !== '' && password.length < MIN_PASSWORD;
  const ready = user ? !short : name.trim() !== '' && password.length >= MIN_PASSWORD;
  const itself = me.name === user?.name;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (ready) save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={user ? `Change ${user.name}` : 'Add a user'} centered>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          {!user && (
            <TextInput
              label="User name"
              required
              data-autofocus
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              maxLength={64}
              value={name}
              error={errorOf('name')}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            label={user ? 'New password' : 'Password'}
            description={user ? 'Empty: the password stays. A new one ends all sessions' : undefined}
            required={!user}
            autoComplete="new-password"
            maxLength={256}
            value={password}
            error={errorOf('password') ?? (short ? `At least ${MIN_PASSWORD} characters` : undefined)}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Radio.Group label="Role" value={role} onChange={(value) => setRole(value)}>
            <Stack gap={8} mt={6}>
              {ROLE_NAMES.map((value) => (
                <Radio
                  key={value}
                  value={value}
                  disabled={itself}
                  label={ROLE_WORDS[value].name}
                  description={ROLE_WORDS[value].meaning}
                />
              ))}
            </Stack>
          </Radio.Group>
          <Switch
            label="All cameras, those to come included"
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
          {!all && (
            <MultiSelect
              label="Cameras"
              searchable
              clearable
              data={cameras.map((camera) => ({ value: camera.id, label: camera.name }))}
              value={chosen}
              error={errorOf('cameras')}
              onChange={setChosen}
            />
          )}
          {user && !itself && (
            <Switch
              label="Switched off: cannot log in"
              checked={disabled}
              onChange={(event) => setDisabled(event.currentTarget.checked)}
            />
          )}
          {save.error && fields.length === 0 && <Trouble error={save.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!ready} loading={save.isPending}>
              {user ? 'Save' : 'Add the user'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

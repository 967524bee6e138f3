import { ActionIcon, Badge, Button, Table, Text, Tooltip } from '@mantine/core';
import { IconPencil, IconTrash, IconUserPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { User } from '../../../../src/contracts/entities.ts';
import { call } from '../../api/client.ts';
import { camerasQuery, KEYS } from '../../api/queries.ts';
import { Confirm } from '../../components/confirm.tsx';
import { formatFullDay } from '../../components/format.ts';
import { notifyDone } from '../../components/notify.ts';
import { Page, Trouble, Waiting } from '../../components/page.tsx';
import { useUser } from '../../session/session.ts';
import { ROLE_WORDS } from './roles.ts';
import { UserDialog } from './user-dialog.tsx';
import classes from './users.module.css';

/** Who may log in, and what they may see. */
export function UsersPage() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: KEYS.users,
    queryFn: ({ signal }) => call('listUsers', {}, signal),
  });
  const { data: cameras = [] } = useQuery(camerasQuery);
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const [removing, setRemoving] = useState<User | null>(null);
  const names = new Map(cameras.map(({ id, name }) => [id, name]));
  const changed = () => queries.invalidateQueries({ queryKey: KEYS.users });
  const remove = async (user: User): Promise<void> => {
    await call('deleteUser', { name: user.name });
    notifyDone(`${user.name} was removed`);
    await changed();
  };
  return (
    <Page
      title="Users"
      width={1180}
      actions={
        <Button size="xs" leftSection={<IconUserPlus size={16} />} onClick={() => setEditing('new')}>
          Add a user
        </Button>
      }
    >
      {error && !data && <Trouble error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="Users">
          <Table verticalSpacing={7} className={classes.users}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>Cameras</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th aria-label="What can be done" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((user) => (
                <UserRow
                  key={user.name}
                  user={user}
                  nameOf={(id) => names.get(id) ?? id}
                  onEdit={() => setEditing(user)}
                  onRemove={() => setRemoving(user)}
                />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {editing !== null && (
        <UserDialog
          user={editing === 'new' ? null : editing}
          cameras={cameras}
          onClose={() => setEditing(null)}
          onSaved={changed}
        />
      )}
      {removing && (
        <Confirm
          opened
          title={`Remove ${removing.name}?`}
          deed="Remove the user"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(null)}
        >
          {removing.name} is logged out everywhere and cannot log in again.
        </Confirm>
      )}
    </Page>
  );
}

interface UserRowProps {
  readonly user: User;
  readonly nameOf: (camera: string) => string;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

function UserRow({ user, nameOf, onEdit, onRemove }: UserRowProps) {
  const me = useUser();
  const itself = me.name === user.name;
  return (
    <Table.Tr data-user={user.name}>
      <Table.Td>
        <Text span size="sm" fw={600}>
          {user.name}
        </Text>
        {itself && (
          <Text span size="xs" c="var(--sm-soft)">
            {' '}
            (you)
          </Text>
        )}
        {user.disabled && (
          <Badge size="sm" variant="light" color="gray" tt="none" fw={500} ml={8}>
            Switched off
          </Badge>
        )}
      </Table.Td>
      <Table.Td>{ROLE_WORDS[user.role].name}</Table.Td>
      <Table.Td>
        {user.cameras === '*'
          ? 'All'
          : user.cameras.length === 0
            ? 'None'
            : user.cameras.map(nameOf).join(', ')}
      </Table.Td>
      <Table.Td className={classes.since}>{formatFullDay(Date.parse(user.createdAt))}</Table.Td>
      <Table.Td className={classes.acts}>
        <Act label={`Change ${user.name}`} icon={IconPencil} onClick={onEdit} />
        {!itself && <Act label={`Remove ${user.name}`} icon={IconTrash} onClick={onRemove} />}
      </Table.Td>
    </Table.Tr>
  );
}

interface ActProps {
  readonly label: string;
  readonly icon: typeof IconPencil;
  readonly onClick: () => void;
}

function Act({ label, icon: ActIcon, onClick }: ActProps) {
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        <ActIcon size={17} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

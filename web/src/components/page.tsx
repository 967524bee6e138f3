import { Alert, Button, Center, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconAlertCircle, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { explain } from '../api/client.ts';
import classes from './page.module.css';

interface PageProps {
  readonly title: string;
  /** Beside the title: counts, a search field. */
  readonly beside?: ReactNode;
  /** At the right: what can be done here. */
  readonly actions?: ReactNode;
  /** Widest useful width of what is on the page. */
  readonly width?: number;
  readonly children: ReactNode;
}

/** The frame of every page but the wall and the camera. */
export function Page({ title, beside, actions, width, children }: PageProps) {
  return (
    <div className={classes.page} style={width === undefined ? {} : { maxWidth: width }}>
      <Group className={classes.head} gap="sm">
        <Title order={1} size="h3">
          {title}
        </Title>
        {beside}
        {actions !== undefined && (
          <Group gap="xs" ml="auto">
            {actions}
          </Group>
        )}
      </Group>
      {children}
    </div>
  );
}

interface PanelProps {
  readonly title: string;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One subject of a page. */
export function Panel({ title, note, actions, children }: PanelProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <Group className={classes.panelHead} gap="xs" justify="space-between" wrap="nowrap">
        <div>
          <Title order={2} size="h5">
            {title}
          </Title>
          {note !== undefined && (
            <Text size="sm" c="var(--sm-soft)">
              {note}
            </Text>
          )}
        </div>
        {actions}
      </Group>
      {children}
    </section>
  );
}

export function Waiting() {
  return (
    <Center mih={240}>
      <Loader size="sm" aria-label="Loading" />
    </Center>
  );
}

/** What went wrong, what to do about it, and a way to try again. */
export function Trouble({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconAlertCircle size={18} />}>
      <Group justify="space-between" gap="sm">
        <span>{explain(error)}</span>
        {onRetry && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

interface NothingProps {
  readonly icon: Icon;
  readonly title: string;
  readonly children?: ReactNode;
}

/** Where a list would stand, when it is empty. */
export function Nothing({ icon: NothingIcon, title, children }: NothingProps) {
  return (
    <Center mih={260} p="md">
      <Stack align="center" gap={6} maw={420} ta="center">
        <NothingIcon size={36} stroke={1.2} color="var(--sm-soft)" />
        <Text fw={600}>{title}</Text>
        {children}
      </Stack>
    </Center>
  );
}

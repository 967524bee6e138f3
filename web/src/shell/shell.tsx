import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconBellRinging,
  IconDeviceCctv,
  IconLayoutGrid,
  IconLogout,
  IconMoon,
  IconPlugConnectedX,
  IconServer2,
  IconSun,
  IconUserCircle,
  IconUsers,
  type Icon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { Right } from '../../../src/contracts/rights.ts';
import { Mark } from '../components/mark.tsx';
import { useLogout, useMay, useUser } from '../session/session.ts';
import { useLive } from './use-live.ts';
import classes from './shell.module.css';

interface Page {
  readonly href: string;
  readonly label: string;
  readonly icon: Icon;
  readonly right: Right;
}

const PAGES: readonly Page[] = [
  { href: '/', label: 'Live', icon: IconLayoutGrid, right: 'live' },
  { href: '/events', label: 'Events', icon: IconBellRinging, right: 'events.view' },
  { href: '/cameras', label: 'Cameras', icon: IconDeviceCctv, right: 'live' },
  { href: '/system', label: 'System', icon: IconServer2, right: 'system.view' },
  { href: '/users', label: 'Users', icon: IconUsers, right: 'users.manage' },
];

const isAt = (location: string, href: string): boolean =>
  href === '/' ? location === '/' : location.startsWith(href);

export function Shell({ children }: { children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [location] = useLocation();
  const may = useMay();
  const connected = useLive();
  const pages = PAGES.filter(({ right }) => may(right));
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened, desktop: true } }}
      padding={0}
    >
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <AppShell.Header className={classes.header}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
          <Link href="/" className={classes.brand} aria-label="Sightmesh, live wall">
            <Mark size={26} />
            <Text fw={600} visibleFrom="xs">
              Sightmesh
            </Text>
          </Link>
          <Group component="nav" gap={4} visibleFrom="sm" ml="md" aria-label="Pages">
            {pages.map(({ href, label, icon: PageIcon }) => (
              <Link
                key={href}
                href={href}
                className={classes.tab}
                data-active={isAt(location, href) || undefined}
              >
                <PageIcon size={18} stroke={1.7} />
                {label}
              </Link>
            ))}
          </Group>
          <Group ml="auto" gap="xs" wrap="nowrap">
            {!connected && (
              <Badge color="orange" variant="light" leftSection={<IconPlugConnectedX size={12} />}>
                Reconnecting
              </Badge>
            )}
            <SchemeButton />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {pages.map(({ href, label, icon: PageIcon }) => (
          <NavLink
            key={href}
            component={Link}
            href={href}
            label={label}
            active={isAt(location, href)}
            onClick={close}
            leftSection={<PageIcon size={20} stroke={1.7} />}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content">{children}</AppShell.Main>
    </AppShell>
  );
}

function SchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark =
    colorScheme === 'dark' ||
    (colorScheme === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  const label = dark ? 'Light colours' : 'Dark colours';
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(dark ? 'light' : 'dark')}
      >
        {dark ? <IconSun size={19} stroke={1.7} /> : <IconMoon size={19} stroke={1.7} />}
      </ActionIcon>
    </Tooltip>
  );
}

function UserMenu() {
  const user = useUser();
  const logout = useLogout();
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${user.name}`}>
          <IconUserCircle size={21} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name} · {user.role}
        </Menu.Label>
        <Menu.Item component={Link} href="/account" leftSection={<IconUserCircle size={16} />}>
          Account
        </Menu.Item>
        <Menu.Item onClick={logout} leftSection={<IconLogout size={16} />}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

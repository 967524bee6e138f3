import { Anchor, Center, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';

export function NotFound() {
  return (
    <Center mih="60dvh">
      <Stack align="center" gap="xs">
        <Title order={2}>Nothing here</Title>
        <Text c="dimmed">This page does not exist, or you may not see it.</Text>
        <Anchor component={Link} href="/">
          To the live wall
        </Anchor>
      </Stack>
    </Center>
  );
}

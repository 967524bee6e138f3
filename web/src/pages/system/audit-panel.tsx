import { Button, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { call } from '../../api/client.ts';
import { KEYS } from '../../api/queries.ts';
import { formatMoment } from '../../components/format.ts';
import { Panel, Trouble, Waiting } from '../../components/page.tsx';
import { auditWords } from './audit-words.ts';
import classes from './system.module.css';

const PAGE = 20;

/** Who did what. */
export function AuditPanel() {
  const query = useInfiniteQuery({
    queryKey: KEYS.audit,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      call('listAudit', { limit: PAGE, ...(pageParam !== undefined && { cursor: pageParam }) }, signal),
    getNextPageParam: (page) => page.next,
  });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Panel title="Audit" note="Who did what, newest first">
      {query.error && <Trouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Waiting />}
      {rows.length > 0 && (
        <div className={classes.auditScroll} tabIndex={0} role="region" aria-label="Audit trail">
          <Table verticalSpacing={4} fz="sm" className={classes.audit}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                <Table.Th>Who</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th>From</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td className={classes.number}>{formatMoment(Date.parse(row.time))}</Table.Td>
                  <Table.Td>{row.user}</Table.Td>
                  <Table.Td>
                    {auditWords(row.action)}
                    {row.target !== null && row.target !== row.user && ` ${row.target}`}
                    {!row.ok && (
                      <Text span size="sm" c="var(--sm-warn)">
                        , refused
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td className={classes.number}>{row.address ?? ''}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {query.hasNextPage && (
        <Button
          size="xs"
          variant="default"
          mt="xs"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show earlier
        </Button>
      )}
    </Panel>
  );
}

import { Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/client.ts';
import { camerasQuery, iso, KEYS } from '../../api/queries.ts';
import { formatDuration, formatShare } from '../../components/format.ts';
import { Panel, Trouble, Waiting } from '../../components/page.tsx';
import { DAY } from '../../timeline/math.ts';
import { useNow } from '../camera/use-now.ts';
import { coverageRows, lastDays, levelOf, type DayCoverage } from './coverage.ts';
import classes from './system.module.css';

const DAYS = 14;

/** How much of the wanted time was really recorded, camera by camera and day by day. */
export function CoveragePanel() {
  const now = useNow(60_000);
  const days = useMemo(() => lastDays(now, DAYS), [now]);
  const first = days[0] ?? '';
  const { data: cameras = [] } = useQuery(camerasQuery);
  const { data, error, refetch } = useQuery({
    queryKey: [...KEYS.coverage, first],
    queryFn: ({ signal }) => {
      const from = Date.parse(first);
      return call('coverage', { from: iso(from), to: iso(Math.min(Date.now(), from + DAYS * DAY)) }, signal);
    },
    refetchInterval: 60_000,
  });
  const names = new Map(cameras.map(({ id, name }) => [id, name]));
  const rows = coverageRows(data?.items ?? [], Array.from(names.keys()), days);
  return (
    <Panel title="Coverage" note="The share of the wanted time that was really recorded, per day (UTC)">
      {error && !data && <Trouble error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <>
          <div className={classes.heatScroll} tabIndex={0} role="region" aria-label="Coverage per day">
            <table className={classes.heat}>
              <thead>
                <tr>
                  <th scope="col">Camera</th>
                  {days.map((day) => (
                    <th key={day} scope="col" title={day}>
                      {day.slice(8)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map(({ camera, days: cells }) => (
                  <tr key={camera}>
                    <th scope="row">{names.get(camera) ?? camera}</th>
                    {cells.map((cell, index) => (
                      <td key={days[index]}>
                        <Cell camera={camera} day={days[index] ?? ''} cell={cell} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Legend />
        </>
      )}
    </Panel>
  );
}

interface CellProps {
  readonly camera: string;
  readonly day: string;
  readonly cell: DayCoverage | undefined;
}

function Cell({ camera, day, cell }: CellProps) {
  const level = levelOf(cell?.coverage);
  const words =
    cell?.coverage == null
      ? 'nothing was to be recorded'
      : `${formatShare(cell.coverage)} recorded${cell.gapSeconds > 0 ? `, ${formatDuration(cell.gapSeconds * 1000)} missing` : ''}`;
  if (level === 'none')
    return <span className={classes.cell} data-level={level} title={`${day}: ${words}`} />;
  return (
    <Tooltip label={`${day}: ${words}`} openDelay={150}>
      <Link
        href={`/cameras/${camera}?at=${day}T00:00:00.000Z`}
        className={classes.cell}
        data-level={level}
        aria-label={`${day}: ${words}`}
      >
        {level === 'whole' ? '' : percent(cell?.coverage ?? 0)}
      </Link>
    </Tooltip>
  );
}

/** Whole per cents, never rounded up to 100. */
const percent = (share: number): string => String(Math.min(99, Math.floor(share * 100)));

function Legend() {
  const steps = [
    ['whole', '99.9 % and more'],
    ['good', '99 %'],
    ['fair', '95 %'],
    ['poor', '80 %'],
    ['bad', 'less'],
    ['none', 'not wanted'],
  ] as const;
  return (
    <div className={classes.legend}>
      {steps.map(([level, text]) => (
        <Text key={level} span size="xs" c="var(--sm-soft)">
          <i className={classes.swatch} data-level={level} aria-hidden /> {text}
        </Text>
      ))}
    </div>
  );
}

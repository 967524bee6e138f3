import { Page } from '../../components/page.tsx';
import { useMay } from '../../session/session.ts';
import { AuditPanel } from './audit-panel.tsx';
import { CoveragePanel } from './coverage-panel.tsx';
import { NodesPanel } from './nodes-panel.tsx';
import { VolumesPanel } from './volumes-panel.tsx';
import classes from './system.module.css';

/** How the whole system fares. */
export function SystemPage() {
  const may = useMay();
  return (
    <Page title="System">
      <div className={classes.top}>
        <NodesPanel />
        <VolumesPanel />
      </div>
      <CoveragePanel />
      {may('users.manage') && <AuditPanel />}
    </Page>
  );
}

import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { Link, useParams } from '@tanstack/react-router';
import { classOf } from '../../../components/button.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Card, Facts, Page, Stack } from '../../../components/layout.tsx';
import { LiveIndicator } from '../../../components/live-indicator.tsx';
import { StatePill } from '../../../components/state-pill.tsx';
import { useDatabaseActions } from '../../../lib/database-actions.ts';
import { formatCount, formatRate, formatRows } from '../../../lib/format.ts';
import { type LiveStatus, useProjectStatus } from '../../../lib/live-status.ts';
import { ProfileLink } from '../profile/profile-link.tsx';
import { CopyProgress } from './copy-progress.tsx';
import { DangerCard } from './danger.tsx';
import { addressOf, Time } from './database-card.tsx';
import styles from './databases.module.css';
import { FreshnessText } from './freshness.tsx';
import { HistoryCard } from './history.tsx';
import { MainActions } from './main-actions.tsx';
import { DatabasePauses } from './pauses.tsx';
import { PipelineNotices } from './pipeline-notices.tsx';
import { SnippetsCard } from './snippets.tsx';
import { SyncErrorNotice } from './sync-error.tsx';
import { TablesCard } from './tables.tsx';
import { VerificationCard } from './verification.tsx';

/** Everything about one external database. */
export function DatabasePage() {
  const { projectId, databaseId } = useParams({ from: '/signed-in/projects/$projectId/databases/$databaseId' });
  const live = useProjectStatus(projectId);
  const database = live.status?.external_databases.find(({ id }) => id === databaseId);
  return (
    <Page
      title={databaseId}
      above={
        <Link to="/projects/$projectId" params={{ projectId }}>
          External databases
        </Link>
      }
      lead={database === undefined ? undefined : addressOf(database)}
      actions={<LiveIndicator live={live} />}
    >
      {database === undefined ? (
        <NotThere projectId={projectId} live={live} />
      ) : (
        <Content projectId={projectId} live={live} database={database} />
      )}
    </Page>
  );
}

function NotThere({ projectId, live: { status, error } }: { projectId: string; live: LiveStatus<'tenancy'> }) {
  if (status === undefined && error) return <ErrorNotice error={error} title="The status could not be loaded" />;
  if (status === undefined) return <Loading label="The external database is being loaded" lines={8} />;
  return (
    <EmptyState
      title="There is no such external database"
      actions={
        <Link to="/projects/$projectId" params={{ projectId }} className={classOf('primary')}>
          All external databases
        </Link>
      }
    >
      It was removed, or it was added a moment ago and appears here by itself.
    </EmptyState>
  );
}

type ContentProps = { projectId: string; live: LiveStatus<'tenancy'>; database: ExternalDatabaseSyncStatus };

function Content({ projectId, live, database }: ContentProps) {
  const actions = useDatabaseActions(projectId, database.id);
  return (
    <Stack>
      {live.status && <PipelineNotices projectId={projectId} status={live.status} />}
      <DatabasePauses projectId={projectId} database={database} />
      {database.error && (
        <SyncErrorNotice
          projectId={projectId}
          databaseId={database.id}
          error={database.error}
          clockAheadMs={live.clockAheadMs}
          retry={actions.retry}
        />
      )}
      <FreshnessCard projectId={projectId} live={live} database={database} />
      <TablesCard projectId={projectId} database={database} clockAheadMs={live.clockAheadMs} retry={actions.retry} />
      <HistoryCard projectId={projectId} databaseId={database.id} />
      <VerificationCard projectId={projectId} database={database} verify={actions.verify} />
      <ProfileLink projectId={projectId} databaseId={database.id} />
      <SnippetsCard database={database} />
      <DangerCard projectId={projectId} database={database} resync={actions.resync} />
    </Stack>
  );
}

function FreshnessCard({ projectId, live, database }: ContentProps) {
  const at = live.status?.at_millis ?? 0;
  return (
    <Card title="Freshness" actions={<MainActions projectId={projectId} database={database} />}>
      <div className={styles.headFacts}>
        <div className={styles.head}>
          <StatePill state={database.state} />
          <span className={styles.freshness}>
            <FreshnessText database={database} atMillis={at} clockAheadMs={live.clockAheadMs} />
          </span>
        </div>
        <CopyProgress mappings={database.mappings} />
        <Facts
          facts={[
            ['Rows behind', formatRows(database.rows_behind, database.rows_behind_precision)],
            ['Rows written', formatRate(database.rows_per_second)],
            ['Parked rows', formatCount(database.parked_rows)],
            [
              'Last change arrived',
              <Time key="applied" millis={database.last_applied_at_millis} ahead={live.clockAheadMs} />,
            ],
            [
              'Last answered well',
              <Time key="succeeded" millis={database.last_succeeded_at_millis} ahead={live.clockAheadMs} />,
            ],
            [
              'Verified through',
              <Time key="verified" millis={database.verified_through_millis} ahead={live.clockAheadMs} />,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

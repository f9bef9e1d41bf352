import { Link, useParams } from '@tanstack/react-router';
import { Button, classOf } from '../../../components/button.tsx';
import { ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Page, Stack } from '../../../components/layout.tsx';
import { LiveIndicator } from '../../../components/live-indicator.tsx';
import { useEnqueue } from '../../../lib/enqueue.ts';
import { type LiveStatus, useProjectStatus } from '../../../lib/live-status.ts';
import { DatabaseCard } from './database-card.tsx';
import { EnqueueResult } from './enqueue.tsx';
import { FirstSteps } from './first-steps.tsx';
import { PipelineNotices } from './pipeline-notices.tsx';

/** The external databases of a project, and whether each has everything. */
export function ExternalDatabasesPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId' });
  const live = useProjectStatus(projectId);
  const enqueue = useEnqueue(projectId);
  const hasDatabases = (live.status?.external_databases.length ?? 0) > 0;
  return (
    <Page
      title="External databases"
      lead="Your own PostgreSQL databases, each of which holds a live copy of this project’s users and teams."
      actions={
        <>
          <LiveIndicator live={live} />
          {hasDatabases && (
            <Button
              icon="retry"
              title="Syncs all of them, those included that wait for their next attempt"
              busy={enqueue.isPending}
              onClick={() => enqueue.mutate()}
            >
              Sync now
            </Button>
          )}
          <Link to="/projects/$projectId/add-database" params={{ projectId }} className={classOf('primary')}>
            <Icon name="plus" />
            Add database
          </Link>
        </>
      }
    >
      <Content projectId={projectId} live={live} enqueue={enqueue} />
    </Page>
  );
}

type ContentProps = { projectId: string; live: LiveStatus<'tenancy'>; enqueue: ReturnType<typeof useEnqueue> };

function Content({ projectId, live: { status, error, clockAheadMs }, enqueue }: ContentProps) {
  if (status === undefined) {
    if (error) return <ErrorNotice error={error} title="The status could not be loaded" />;
    return <Loading label="The external databases are being loaded" lines={6} />;
  }
  if (status.external_databases.length === 0) return <FirstSteps projectId={projectId} />;
  return (
    <Stack>
      <PipelineNotices projectId={projectId} status={status} />
      <EnqueueResult projectId={projectId} enqueue={enqueue} status={status} />
      {status.external_databases.map((database) => (
        <DatabaseCard
          key={database.id}
          projectId={projectId}
          database={database}
          atMillis={status.at_millis}
          clockAheadMs={clockAheadMs}
        />
      ))}
    </Stack>
  );
}

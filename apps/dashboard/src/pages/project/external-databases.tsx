import { useParams } from '@tanstack/react-router';
import { Page } from '../../components/layout.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { useProjectStatus } from '../../lib/live-status.ts';

export function ExternalDatabasesPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId' });
  const live = useProjectStatus(projectId);
  return (
    <Page title="External databases" actions={<LiveIndicator live={live} />}>
      <pre>{JSON.stringify(live.status?.external_databases, null, 2)}</pre>
    </Page>
  );
}

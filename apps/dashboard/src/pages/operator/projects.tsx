import { Page } from '../../components/layout.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { useAllStatus } from '../../lib/live-status.ts';

export function ProjectsPage() {
  const live = useAllStatus();
  return (
    <Page
      title="Projects"
      lead="Every project, and whether its copies are fresh."
      actions={<LiveIndicator live={live} />}
    >
      <pre>{JSON.stringify(live.status?.totals, null, 2)}</pre>
    </Page>
  );
}

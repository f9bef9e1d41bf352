import type { MappingProfile } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Button } from '../../../components/button.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Card, Page, Stack } from '../../../components/layout.tsx';
import { Progress } from '../../../components/progress.tsx';
import { formatTime } from '../../../lib/format.ts';
import { latestOf, profilesQuery, type RunningProfile, useProfile } from '../../../lib/profiles.ts';
import { ProfileFindings } from './findings.tsx';
import styles from './profile.module.css';
import { ProfileCharts } from './profile-charts.tsx';
import { StatementTable } from './statement-table.tsx';

/** What the statements of one external database cost: now, and in the runs before. */
export function ProfilePage() {
  const { projectId, databaseId } = useParams({ from: '/signed-in/projects/$projectId/databases/$databaseId/profile' });
  const runs = useQuery(profilesQuery(projectId, databaseId));
  const profile = useProfile(projectId, databaseId);
  return (
    <Page
      title={`Profile of ${databaseId}`}
      above={
        <Link to="/projects/$projectId/databases/$databaseId" params={{ projectId, databaseId }}>
          {databaseId}
        </Link>
      }
      lead="Every statement is run on real rows, and rolled back. No values leave the databases."
      actions={
        <Button variant="primary" icon="check" busy={profile.isPending} onClick={profile.start}>
          Profile now
        </Button>
      }
    >
      <Stack>
        {profile.isPending && <ProfileProgress step={profile.step} />}
        {profile.error && <ErrorNotice error={profile.error} title="The profile did not come to its end" />}
        {runs.error && (
          <ErrorNotice
            error={runs.error}
            title="The profiles could not be loaded"
            onRetry={() => void runs.refetch()}
          />
        )}
        {runs.data === undefined && !runs.error && <Loading label="The profiles are being loaded" lines={8} />}
        {runs.data && <Runs runs={runs.data} />}
      </Stack>
    </Page>
  );
}

function ProfileProgress({ step }: Pick<RunningProfile, 'step'>) {
  const label = step === null ? 'The profile begins' : `${step.mapping}, ${step.statement.statement}`;
  return (
    <Card title="A profile is under way" lead="Leaving this page ends it." flush>
      <div className={styles.running}>
        <Progress label={label} value={step?.done ?? 0} max={step?.total ?? null} unit="statements" />
      </div>
    </Card>
  );
}

function Runs({ runs }: { runs: readonly MappingProfile[] }) {
  const last = runs.at(-1);
  if (last === undefined) {
    return (
      <EmptyState title="Nobody has profiled this database yet">
        Profile now measures what numbering, reading and writing changes costs, and names indexes that are missing.
      </EmptyState>
    );
  }
  const latest = latestOf(runs);
  return (
    <>
      <Card
        title="Statements"
        lead={`The last run, at ${formatTime(last.at_millis)}, beside the median of the five before.`}
        flush
      >
        <ProfileFindings latest={latest} />
        <StatementTable latest={latest} />
      </Card>
      <ProfileCharts runs={runs} />
    </>
  );
}

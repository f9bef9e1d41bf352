import type { ExternalDatabaseSyncStatus, Verification } from '@hexclave/contract';
import { Button } from '../../../components/button.tsx';
import { EmptyState, ErrorNotice, Loading, Notice } from '../../../components/feedback.tsx';
import { Card } from '../../../components/layout.tsx';
import { Progress } from '../../../components/progress.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import { type DatabaseActions, isUnderWay, useLatestVerification } from '../../../lib/database-actions.ts';
import { formatCount, formatDuration, formatTime } from '../../../lib/format.ts';
import styles from './databases.module.css';
import { DifferenceTable, VerifiedTables } from './verified-tables.tsx';

type CardProps = { projectId: string; database: ExternalDatabaseSyncStatus; verify: DatabaseActions['verify'] };

/** Compares the copy with its source, and puts right what is different. */
export function VerificationCard({ projectId, database, verify }: CardProps) {
  const latest = useLatestVerification(projectId, database.id);
  const isBusy = verify.isPending || (latest.data != null && isUnderWay(latest.data));
  return (
    <Card
      title="Verification"
      lead="Goes on by itself, slowly, all the time. Here it is done at once: hashes are compared, no values leave the databases."
      actions={
        <Button icon="check" busy={isBusy} onClick={() => verify.mutate({ repair: false })}>
          Verify now
        </Button>
      }
    >
      <div className={styles.form}>
        {verify.error && <ErrorNotice error={verify.error} title="No verification was begun" />}
        {latest.error && (
          <ErrorNotice
            error={latest.error}
            title="The verifications could not be read"
            onRetry={() => void latest.refetch()}
          />
        )}
        {latest.data === undefined && !latest.error && <Loading label="The verifications are being loaded" />}
        {latest.data === null && (
          <EmptyState title="Nobody has asked for a verification yet">
            Verify now compares every row of the copy with its source, and shows what is different.
          </EmptyState>
        )}
        {latest.data && <Run run={latest.data} isBusy={isBusy} onRepair={() => verify.mutate({ repair: true })} />}
      </div>
    </Card>
  );
}

type RunProps = { run: Verification; isBusy: boolean; onRepair: () => void };

function Run({ run, isBusy, onRepair }: RunProps) {
  if (run.state === 'queued') return <Progress label="Waiting to begin" value={0} max={null} unit="rows" />;
  if (run.state === 'running') {
    return (
      <Progress
        label={run.repair ? 'Comparing, and putting right what is different' : 'Comparing'}
        value={run.rows_compared}
        max={run.rows_expected === 0 ? null : run.rows_expected}
        unit="rows"
      />
    );
  }
  return (
    <>
      {run.error && (
        <Notice tone="failing" title={run.error.message}>
          <RemedyText remedy={run.error.remedy} />
          <p className={styles.quiet}>
            <code>{run.error.code}</code>
          </p>
        </Notice>
      )}
      {run.state === 'finished' && <Outcome run={run} isBusy={isBusy} onRepair={onRepair} />}
      <VerifiedTables mappings={run.mappings} />
      {run.differences.length > 0 && <DifferenceTable differences={run.differences} />}
    </>
  );
}

/** What came out of it, in a sentence. */
function Outcome({ run, isBusy, onRepair }: RunProps) {
  const total = (count: 'remaining' | 'repaired') => run.mappings.reduce((sum, mapping) => sum + mapping[count], 0);
  const [remaining, repaired] = [total('remaining'), total('repaired')];
  const when = run.finished_at_millis === null ? '' : formatTime(run.finished_at_millis);
  const took =
    run.finished_at_millis === null || run.started_at_millis === null
      ? ''
      : `, in ${formatDuration(run.finished_at_millis - run.started_at_millis)}`;
  const facts = `${formatCount(run.rows_compared)} rows compared at ${when}${took}.`;
  if (remaining > 0) {
    return (
      <Notice tone="behind" title={`${formatCount(remaining)} ${remaining === 1 ? 'row is' : 'rows are'} different`}>
        <p>{facts} A repair writes these rows only, as any change would come.</p>
        <Button variant="primary" icon="check" busy={isBusy} onClick={onRepair}>
          Repair
        </Button>
      </Notice>
    );
  }
  return (
    <Notice
      tone="fresh"
      title={
        repaired > 0
          ? `${formatCount(repaired)} ${repaired === 1 ? 'row was' : 'rows were'} put right`
          : 'No difference'
      }
    >
      <p>{facts}</p>
    </Notice>
  );
}

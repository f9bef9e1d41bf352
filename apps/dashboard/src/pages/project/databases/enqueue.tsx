import type { ExternalDatabaseSyncStatus, ProjectSyncStatus } from '@hexclave/contract';
import { ErrorNotice } from '../../../components/feedback.tsx';
import { Follow, type FollowedPlace } from '../../../components/follow.tsx';
import { type Enqueued, type EnqueueOutcome, outcomeIn, type useEnqueue } from '../../../lib/enqueue.ts';
import { formatTime, parkedRows } from '../../../lib/format.ts';
import { DatabaseLink } from '../database-link.tsx';

const STATES: Record<EnqueueOutcome, FollowedPlace['state']> = {
  awaited: 'awaited',
  synced: 'done',
  failed: 'held-up',
  paused: 'held-up',
};

type ResultProps = { projectId: string; enqueue: ReturnType<typeof useEnqueue>; status: ProjectSyncStatus };

/** What a sync that was asked for has come to, database by database. */
export function EnqueueResult({ projectId, enqueue, status }: ResultProps) {
  const { data: enqueued, error } = enqueue;
  if (error) return <ErrorNotice error={error} title="No sync could be asked for" />;
  if (enqueued === undefined) return null;
  const placeOf = (database: ExternalDatabaseSyncStatus): FollowedPlace => {
    const outcome = outcomeIn(enqueued, status, database);
    return {
      id: database.id,
      name: <DatabaseLink projectId={projectId} databaseId={database.id} />,
      state: STATES[outcome],
      words: wordsOf(outcome, database),
    };
  };
  return (
    <Follow
      label="What the sync has come to"
      title={titleOf(enqueued)}
      places={enqueued.isQueued ? status.external_databases.map(placeOf) : []}
      onClose={enqueue.reset}
    />
  );
}

function titleOf({ isQueued, atMillis }: Enqueued): string {
  return isQueued ? `A sync was asked for at ${formatTime(atMillis)}` : 'There is nothing to sync';
}

function wordsOf(outcome: EnqueueOutcome, database: ExternalDatabaseSyncStatus): string {
  if (outcome === 'awaited') return 'under way …';
  if (outcome === 'paused') return 'is paused: nothing was written';
  if (outcome === 'failed') return 'was tried, and failed again';
  if (database.rows_behind > 0) return 'was synced; newer changes are on their way';
  return database.parked_rows > 0 ? `has everything but ${parkedRows(database.parked_rows)}` : 'has everything';
}

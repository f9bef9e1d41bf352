import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { ActorName } from '../../../components/actor.tsx';
import { ErrorNotice, Notice } from '../../../components/feedback.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { usePauses } from '../../../lib/database-actions.ts';

/** Who has paused this database, when and why. */
export function DatabasePauses({ projectId, database }: { projectId: string; database: ExternalDatabaseSyncStatus }) {
  const pauses = usePauses(projectId, [database]);
  const own = (pauses.data ?? []).filter(({ external_database_id: id }) => id === database.id);
  return (
    <>
      {pauses.error && (
        <ErrorNotice error={pauses.error} title="The pauses could not be read" onRetry={() => void pauses.refetch()} />
      )}
      {own.map((pause) => (
        <Notice
          key={pause.paused_by}
          tone="info"
          title={pause.paused_by === 'owner' ? 'Paused by the project' : 'Paused by the operator of the server'}
        >
          <p>
            {pause.by === null ? 'Somebody' : <ActorName actor={pause.by} />}, <TimeAgo millis={pause.since_millis} />
            {pause.reason !== null && `: “${pause.reason}”`}
          </p>
          <p>Changes are kept, and arrive after the pause.</p>
        </Notice>
      ))}
    </>
  );
}

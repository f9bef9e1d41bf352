import type { FuseboxPositions, ProjectSyncStatus } from '@hexclave/contract';
import { ActorName } from '../../../components/actor.tsx';
import { Notice } from '../../../components/feedback.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { usePauses } from '../../../lib/database-actions.ts';

const PARTS: Record<keyof FuseboxPositions, string> = {
  sequencer: 'sequencer',
  poller: 'poller',
  outgoing_requests: 'outgoing requests',
  sync_engine: 'sync engine',
};

/** What holds up all databases of a project: switches of the operator, and pauses of the whole project. */
export function PipelineNotices({
  projectId,
  status,
}: {
  projectId: string;
  status: Pick<ProjectSyncStatus, 'pipeline' | 'external_databases'>;
}) {
  const pauses = usePauses(projectId, status.external_databases);
  const off = Object.entries(PARTS).filter(([part]) => !status.pipeline.fusebox[part as keyof FuseboxPositions]);
  const ofProject = (pauses.data ?? []).filter(({ external_database_id: id }) => id === null);
  return (
    <>
      {off.length > 0 && (
        <Notice tone="behind" title="The operator has switched off a part of the pipeline">
          <p>
            Off: {off.map(([, name]) => name).join(', ')}. Changes are kept, and arrive once it is switched on again.
            There is nothing that you have to do.
          </p>
        </Notice>
      )}
      {ofProject.map((pause) => (
        <Notice key={pause.paused_by} tone="behind" title="The whole project is paused">
          <p>
            By {pause.by === null ? `the ${pause.paused_by}` : <ActorName actor={pause.by} />},{' '}
            <TimeAgo millis={pause.since_millis} />
            {pause.reason !== null && `: “${pause.reason}”`}
          </p>
        </Notice>
      ))}
    </>
  );
}

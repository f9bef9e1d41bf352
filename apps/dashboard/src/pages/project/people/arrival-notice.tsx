import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { CodeBlock } from '../../../components/copy.tsx';
import { Follow, type FollowedPlace } from '../../../components/follow.tsx';
import { type Arrival, arrivalIn, forgetWrite, useLatestWrite, type Write } from '../../../lib/arrivals.ts';
import { formatDuration } from '../../../lib/format.ts';
import { useProjectStatus } from '../../../lib/live-status.ts';
import { qualified } from '../../../lib/sql.ts';
import { DatabaseLink } from '../database-link.tsx';

/** Follows what was last saved on these pages into each external database. */
export function ArrivalNotice({ projectId }: { projectId: string }) {
  const { status } = useProjectStatus(projectId);
  const write = useLatestWrite(projectId);
  if (write === undefined) return null;
  const databases = status?.external_databases ?? [];
  const placeOf = (database: ExternalDatabaseSyncStatus): FollowedPlace => {
    const arrival = arrivalIn(write, database, status?.at_millis ?? 0);
    return {
      id: database.id,
      name: <DatabaseLink projectId={projectId} databaseId={database.id} />,
      state: arrival.state === 'arrived' ? 'done' : arrival.state,
      words: wordsOf(arrival, database),
    };
  };
  return (
    <Follow
      label="Where the change has arrived"
      title={write.what}
      places={databases.map(placeOf)}
      onClose={forgetWrite}
    >
      {status && databases.length === 0 && (
        <p>
          No external database is there to receive it.{' '}
          <Link to="/projects/$projectId/add-database" params={{ projectId }}>
            Add one
          </Link>
        </p>
      )}
      <Finder write={write} databases={databases} />
    </Follow>
  );
}

function wordsOf(arrival: Arrival, database: ExternalDatabaseSyncStatus): string {
  if (arrival.state === 'awaited') return 'on its way …';
  if (arrival.state === 'held-up') return database.state === 'paused' ? 'waits: paused' : 'waits: failing';
  return arrival.withinMs === undefined ? 'is up to date' : `arrived within ${formatDuration(arrival.withinMs)}`;
}

/** SQL that shows the row in the first database that has the table. */
function Finder({ write, databases }: { write: Write; databases: readonly ExternalDatabaseSyncStatus[] }) {
  for (const { schema, mappings } of databases) {
    const table = mappings.find(({ mapping }) => mapping === write.mapping)?.target_table;
    if (table !== undefined && write.find !== undefined) {
      return <CodeBlock code={write.find(qualified(schema, table))} label="SQL that finds the row" />;
    }
  }
  return null;
}

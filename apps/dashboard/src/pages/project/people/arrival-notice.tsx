import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { IconButton } from '../../../components/button.tsx';
import { CodeBlock } from '../../../components/copy.tsx';
import { Icon } from '../../../components/icon.tsx';
import { arrivalIn, forgetWrite, useLatestWrite, type Write } from '../../../lib/arrivals.ts';
import { formatDuration } from '../../../lib/format.ts';
import { useProjectStatus } from '../../../lib/live-status.ts';
import { qualified } from '../../../lib/sql.ts';
import styles from './people.module.css';

/** Follows what was last saved on these pages into each external database. */
export function ArrivalNotice({ projectId }: { projectId: string }) {
  const live = useProjectStatus(projectId);
  const write = useLatestWrite(projectId);
  if (write === undefined) return null;
  const databases = live.status?.external_databases ?? [];
  return (
    <section className={styles.arrival} aria-label="Where the change has arrived">
      <div className={styles.arrivalHead}>
        <strong>{write.what}</strong>
        <IconButton icon="cross" label="Close" onClick={forgetWrite} />
      </div>
      {live.status && databases.length === 0 && (
        <p>
          No external database is there to receive it.{' '}
          <Link to="/projects/$projectId/add-database" params={{ projectId }}>
            Add one
          </Link>
        </p>
      )}
      <ul className={styles.arrivals} role="status">
        {databases.map((database) => (
          <ArrivalLine
            key={database.id}
            projectId={projectId}
            write={write}
            database={database}
            atMillis={live.status?.at_millis ?? 0}
          />
        ))}
      </ul>
      <Finder write={write} databases={databases} />
    </section>
  );
}

type LineProps = { projectId: string; write: Write; database: ExternalDatabaseSyncStatus; atMillis: number };

function ArrivalLine({ projectId, write, database, atMillis }: LineProps) {
  const arrival = arrivalIn(write, database, atMillis);
  return (
    <li className={styles[arrival.state]}>
      <span className={styles.arrivalMark} aria-hidden="true">
        {arrival.state === 'arrived' && <Icon name="check" size={12} />}
        {arrival.state === 'held-up' && <Icon name="warning" size={12} />}
      </span>
      <Link to="/projects/$projectId/databases/$databaseId" params={{ projectId, databaseId: database.id }}>
        {database.id}
      </Link>
      <span>{wordsOf(arrival, database)}</span>
    </li>
  );
}

function wordsOf(arrival: ReturnType<typeof arrivalIn>, database: ExternalDatabaseSyncStatus): string {
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

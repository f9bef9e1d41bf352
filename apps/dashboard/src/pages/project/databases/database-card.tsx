import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { Facts } from '../../../components/layout.tsx';
import { StatePill } from '../../../components/state-pill.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { formatCount, formatRate, formatRows, parkedRows } from '../../../lib/format.ts';
import { CopyProgress } from './copy-progress.tsx';
import styles from './databases.module.css';
import { FreshnessText } from './freshness.tsx';

type CardProps = {
  projectId: string;
  database: ExternalDatabaseSyncStatus;
  atMillis: number;
  clockAheadMs: number;
};

/** One external database at a glance. */
export function DatabaseCard({ projectId, database, atMillis, clockAheadMs }: CardProps) {
  const failure = database.error ?? database.mappings.find(({ error }) => error !== null)?.error ?? null;
  return (
    <article className={styles.card} aria-label={`External database ${database.id}`}>
      <div className={styles.cardTop}>
        <h2>
          <Link
            to="/projects/$projectId/databases/$databaseId"
            params={{ projectId, databaseId: database.id }}
            className={styles.cardLink}
          >
            {database.id}
          </Link>
        </h2>
        <StatePill state={database.state} />
        <span className={styles.address}>{addressOf(database)}</span>
      </div>
      <p className={styles.freshness}>
        <FreshnessText database={database} atMillis={atMillis} clockAheadMs={clockAheadMs} />
      </p>
      {failure !== null && <p className={styles.failure}>{failure.message}</p>}
      {failure === null && database.parked_rows > 0 && (
        <p className={styles.failure}>{parkedRows(database.parked_rows)}: your database refuses them.</p>
      )}
      <CopyProgress mappings={database.mappings} />
      <Facts
        facts={[
          ['Rows behind', formatRows(database.rows_behind, database.rows_behind_precision)],
          ['Rows written', formatRate(database.rows_per_second)],
          ['Parked rows', formatCount(database.parked_rows)],
          ['Last change arrived', <Time key="applied" millis={database.last_applied_at_millis} ahead={clockAheadMs} />],
          ['Verified through', <Time key="verified" millis={database.verified_through_millis} ahead={clockAheadMs} />],
        ]}
      />
    </article>
  );
}

export function addressOf({ connection: { host, port, database, user }, schema }: ExternalDatabaseSyncStatus): string {
  return `${user}@${host}:${port}/${database} · schema ${schema}`;
}

export function Time({ millis, ahead }: { millis: number | null; ahead: number }) {
  return millis === null ? <>Not yet</> : <TimeAgo millis={millis} clockAheadMs={ahead} />;
}

import { Link } from '@tanstack/react-router';
import type { Column } from '../../components/data-table.tsx';
import { StatePill } from '../../components/state-pill.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount, formatDuration, formatRows, parkedRows } from '../../lib/format.ts';
import { type ListedProject, lagOf, urgencyOf } from '../../lib/project-list.ts';
import { useNow } from '../../lib/use-now.ts';
import styles from './projects.module.css';

export const PROJECT_COLUMNS: readonly Column<ListedProject>[] = [
  {
    id: 'name',
    header: 'Project',
    width: '26%',
    sortBy: ({ name }) => name,
    cell: ({ id, name, branch }) => (
      <div className={styles.name}>
        <Link to="/projects/$projectId" params={{ projectId: id }} title={name}>
          {name}
        </Link>
        <span className={styles.id} title={id}>
          {branch === undefined ? id : `${id} · ${branch}`}
        </span>
      </div>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '126px',
    sortBy: urgencyOf,
    cell: ({ state }) => <StatePill state={state} />,
  },
  {
    id: 'behind',
    header: 'Rows behind',
    width: '112px',
    align: 'end',
    sortBy: ({ sync }) => sync?.rows_behind ?? null,
    mostFirst: true,
    cell: ({ sync }) => (sync === undefined ? <None /> : formatRows(sync.rows_behind, sync.rows_behind_precision)),
  },
  {
    id: 'lag',
    header: 'Lag',
    width: '84px',
    align: 'end',
    sortBy: lagOf,
    mostFirst: true,
    cell: ({ sync }) =>
      sync === undefined || sync.oldest_unsynced_at_millis === null ? (
        <None />
      ) : (
        <Age since={sync.oldest_unsynced_at_millis} />
      ),
  },
  {
    id: 'databases',
    header: 'Databases',
    width: '100px',
    align: 'end',
    sortBy: ({ sync }) => sync?.external_databases ?? null,
    mostFirst: true,
    cell: ({ sync }) => (sync === undefined ? <None /> : formatCount(sync.external_databases)),
  },
  {
    id: 'applied',
    header: 'Last arrival',
    width: '112px',
    sortBy: ({ sync }) => sync?.last_applied_at_millis ?? null,
    mostFirst: true,
    cell: ({ sync }) =>
      sync?.last_applied_at_millis == null ? <None /> : <TimeAgo millis={sync.last_applied_at_millis} />,
  },
  {
    id: 'problem',
    header: 'Problem',
    sortBy: ({ sync }) => sync?.error?.message ?? null,
    cell: ({ sync }) => (sync === undefined ? <None /> : <Problem sync={sync} />),
  },
];

function Age({ since }: { since: number }) {
  return formatDuration(useNow() - since);
}

function Problem({ sync }: { sync: NonNullable<ListedProject['sync']> }) {
  if (sync.error !== null) {
    const text = `${sync.error.external_database_id}: ${sync.error.message}`;
    return (
      <span className={styles.problem} title={text}>
        {text}
      </span>
    );
  }
  if (sync.parked_rows > 0) return <span className={styles.problem}>{parkedRows(sync.parked_rows)}</span>;
  return <None />;
}

function None() {
  return (
    <span className={styles.none}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">None</span>
    </span>
  );
}

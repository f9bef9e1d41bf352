import type { ExternalDatabaseSyncStatus, MappingSyncStatus } from '@hexclave/contract';
import { useMemo } from 'react';
import { Button } from '../../../components/button.tsx';
import { CodeBlock } from '../../../components/copy.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Notice } from '../../../components/feedback.tsx';
import { Card } from '../../../components/layout.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import { StatePill } from '../../../components/state-pill.tsx';
import type { DatabaseActions } from '../../../lib/database-actions.ts';
import { formatCount, formatDuration, formatRate, formatRows } from '../../../lib/format.ts';
import { useNow } from '../../../lib/use-now.ts';
import { Time } from './database-card.tsx';
import styles from './databases.module.css';
import { SyncErrorNotice } from './sync-error.tsx';

type TablesProps = {
  projectId: string;
  database: ExternalDatabaseSyncStatus;
  clockAheadMs: number;
  retry: DatabaseActions['retry'];
};

/** Each table that is copied: what waits, and what stands in its way. */
export function TablesCard({ projectId, database, clockAheadMs, retry }: TablesProps) {
  const columns = useMemo(() => columnsOf(database.schema, clockAheadMs), [database.schema, clockAheadMs]);
  const troubled = database.mappings.filter(hasTrouble);
  return (
    <Card title="Tables" lead="Each goes on by itself: what holds up one holds up no other." flush>
      <DataTable
        label="Tables"
        columns={columns}
        rows={database.mappings}
        rowKey={({ mapping }) => mapping}
        empty={<EmptyState title="No table is copied">Edit the database, and choose some.</EmptyState>}
      />
      {troubled.length > 0 && (
        <div className={styles.notices}>
          {troubled.map((mapping) => (
            <TableTrouble
              key={mapping.mapping}
              projectId={projectId}
              databaseId={database.id}
              mapping={mapping}
              clockAheadMs={clockAheadMs}
              retry={retry}
            />
          ))}
        </div>
      )}
    </Card>
  );
}

function hasTrouble({ error, parked_rows: parked, verification_error: verification }: MappingSyncStatus): boolean {
  return error !== null || parked > 0 || verification !== null;
}

type TroubleProps = Omit<TablesProps, 'database'> & { databaseId: string; mapping: MappingSyncStatus };

function TableTrouble({ projectId, databaseId, mapping, clockAheadMs, retry }: TroubleProps) {
  const { error, parked_rows: parked, parked_rows_remedy: sql, verification_error: verification } = mapping;
  return (
    <>
      {error && (
        <SyncErrorNotice {...{ projectId, databaseId, mapping: mapping.mapping, error, clockAheadMs, retry }} />
      )}
      {parked > 0 && (
        <Notice
          tone="behind"
          title={`${mapping.mapping}: ${formatCount(parked)} ${parked === 1 ? 'row is' : 'rows are'} parked`}
        >
          <p>
            A constraint or trigger of your database refuses {parked === 1 ? 'it' : 'them'}. All other rows go on, and
            what is parked is tried again by itself. Which rows it is, and why, your database knows:
          </p>
          {sql !== null && <CodeBlock code={sql} label="SQL that lists the parked rows" />}
          {retry.error && <ErrorNotice error={retry.error} title="No attempt could be asked for" />}
          <Button icon="retry" busy={retry.isPending} onClick={() => retry.mutate(mapping.mapping)}>
            Retry now
          </Button>
        </Notice>
      )}
      {verification && (
        <Notice tone="behind" title={`${mapping.mapping}: ${verification.message}`}>
          <RemedyText remedy={verification.remedy} />
          <p className={styles.quiet}>
            <code>{verification.code}</code>
          </p>
        </Notice>
      )}
    </>
  );
}

function columnsOf(schema: string, ahead: number): Column<MappingSyncStatus>[] {
  return [
    {
      id: 'table',
      header: 'Table',
      width: '230px',
      sortBy: ({ target_table }) => target_table,
      cell: ({ target_table: table }) => (
        <strong title={`${schema}.${table}`}>
          <span className={styles.quiet}>{schema}.</span>
          {table}
        </strong>
      ),
    },
    { id: 'state', header: 'State', width: '104px', cell: ({ state }) => <StatePill state={state} /> },
    {
      id: 'behind',
      header: 'Rows behind',
      width: '112px',
      align: 'end',
      sortBy: ({ rows_behind }) => rows_behind,
      cell: ({ rows_behind, rows_behind_precision }) => formatRows(rows_behind, rows_behind_precision),
    },
    {
      id: 'oldest',
      header: 'Oldest',
      width: '92px',
      align: 'end',
      sortBy: ({ oldest_unsynced_at_millis }) => oldest_unsynced_at_millis,
      cell: ({ oldest_unsynced_at_millis: since }) => (since === null ? '–' : <Age since={since - ahead} />),
    },
    {
      id: 'rate',
      header: 'Written',
      width: '92px',
      align: 'end',
      sortBy: ({ rows_per_second }) => rows_per_second,
      cell: ({ rows_per_second }) => formatRate(rows_per_second),
    },
    {
      id: 'total',
      header: 'In all',
      width: '92px',
      align: 'end',
      sortBy: ({ rows_applied }) => rows_applied,
      cell: ({ rows_applied }) => formatCount(rows_applied),
    },
    {
      id: 'parked',
      header: 'Parked',
      width: '84px',
      align: 'end',
      sortBy: ({ parked_rows }) => parked_rows,
      cell: ({ parked_rows: parked }) =>
        parked === 0 ? '0' : <span className={styles.warned}>{formatCount(parked)}</span>,
    },
    {
      id: 'cursor',
      header: 'Cursor',
      width: '104px',
      align: 'end',
      cell: ({ cursor }) => (
        <span className={styles.cursor} title="All changes up to this sequence id are applied">
          {cursor}
        </span>
      ),
    },
    {
      id: 'verified',
      header: 'Verified through',
      width: '132px',
      cell: ({ verified_through_millis: millis }) => <Time millis={millis} ahead={ahead} />,
    },
  ];
}

function Age({ since }: { since: number }) {
  return <>{formatDuration(useNow() - since)}</>;
}

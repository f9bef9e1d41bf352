import type { StatusHistory } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Chart } from '../../../components/chart.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { SelectField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { databaseHistoryQuery } from '../../../lib/database-actions.ts';
import { formatCompact, formatDuration, formatRate } from '../../../lib/format.ts';
import styles from './databases.module.css';

type Sample = StatusHistory['external_databases'][number]['samples'][number];
type Plan = { title: string; name: string; format: (value: number) => string; of: (sample: Sample) => number | null };

const ALL = '';

/** The last hour of a database, or of one table of it. */
export function HistoryCard({ projectId, databaseId }: { projectId: string; databaseId: string }) {
  const history = useQuery(databaseHistoryQuery(projectId, databaseId));
  const [table, setTable] = useState(ALL);
  const tables = useMemo(
    () => [...new Set(history.data?.flatMap(({ mappings }) => Object.keys(mappings)))],
    [history.data],
  );
  return (
    <Card
      title="The last hour"
      lead="Backlog, delay and rate, for the whole database or one table of it."
      flush
      actions={
        <SelectField label="Table" value={table} onChange={({ target }) => setTable(target.value)}>
          <option value={ALL}>All tables</option>
          {tables.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
      }
    >
      {history.error && (
        <ErrorNotice
          error={history.error}
          title="The last hour could not be loaded"
          onRetry={() => void history.refetch()}
        />
      )}
      {history.data === undefined ? (
        <Loading label="The last hour is being loaded" lines={6} />
      ) : history.data.length < 2 ? (
        <EmptyState title="Nothing to draw yet">
          A line needs two samples. One is kept about every half minute in which anything happens.
        </EmptyState>
      ) : (
        <Charts samples={history.data} plans={table === ALL ? WHOLE : plansOf(table)} />
      )}
    </Card>
  );
}

function Charts({ samples, plans }: { samples: readonly Sample[]; plans: readonly Plan[] }) {
  const times = useMemo(() => samples.map(({ at_millis }) => at_millis), [samples]);
  return (
    <div className={styles.charts}>
      {plans.map(({ title, name, format, of }) => (
        <div key={title}>
          <h3>{title}</h3>
          <Chart
            label={`${title} in the last hour.`}
            times={times}
            format={format}
            series={[{ name, values: samples.map(of) }]}
          />
        </div>
      ))}
    </div>
  );
}

const WHOLE: readonly Plan[] = [
  { title: 'Backlog', name: 'Rows behind', format: formatCompact, of: ({ rows_behind }) => rows_behind },
  { title: 'Delay', name: 'Behind by', format: formatDuration, of: ({ behind_millis }) => behind_millis },
  { title: 'Rate', name: 'Rows written', format: formatRate, of: ({ rows_per_second }) => rows_per_second },
];

function plansOf(table: string): Plan[] {
  return [
    {
      title: 'Backlog',
      name: 'Rows behind',
      format: formatCompact,
      of: ({ mappings }) => mappings[table]?.rows_behind ?? null,
    },
    {
      title: 'Rate',
      name: 'Rows written',
      format: formatRate,
      of: ({ mappings }) => mappings[table]?.rows_per_second ?? null,
    },
  ];
}

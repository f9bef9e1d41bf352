import type { ProfileVerdict, StatementProfile } from '@hexclave/contract';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { formatCount } from '../../../lib/format.ts';
import { type Latest, pagesOf, timeOf } from '../../../lib/profiles.ts';
import { formatBytes, formatChange, formatExact } from './format.ts';
import styles from './profile.module.css';

const VERDICTS: Record<ProfileVerdict, { text: string; className: string | undefined }> = {
  good: { text: 'Good', className: styles.good },
  warning: { text: 'Look at it', className: styles.warning },
  bad: { text: 'Bad', className: styles.bad },
  unknown: { text: 'Not measured', className: styles.unknown },
};

type Change = NonNullable<NonNullable<StatementProfile['comparison']>['changes']['pages']>;

const TRENDS: Record<Change['trend'], string | undefined> = {
  worse: styles.bad,
  better: styles.good,
  same: styles.unknown,
};

const timeChange = ({ now }: Latest) => now.comparison?.changes.execution_time;
const pagesChange = ({ now }: Latest) => now.comparison?.changes.pages;

const COLUMNS: Column<Latest>[] = [
  { id: 'table', width: '180px', header: 'Table', cell: ({ mapping }) => mapping },
  { id: 'statement', width: '126px', header: 'Statement', cell: ({ now }) => now.statement },
  { id: 'verdict', width: '124px', header: 'Verdict', cell: ({ now }) => <Verdict verdict={now.verdict} /> },
  {
    id: 'before',
    width: '74px',
    header: 'Before',
    align: 'end',
    cell: (row) => shown(timeChange(row)?.before, formatExact),
  },
  {
    id: 'now',
    width: '74px',
    header: 'Now',
    align: 'end',
    sortBy: ({ now }) => timeOf(now),
    cell: ({ now }) => shown(timeOf(now), formatExact),
  },
  {
    id: 'change',
    width: '80px',
    header: 'Change',
    align: 'end',
    sortBy: (row) => timeChange(row)?.percent ?? null,
    cell: (row) => <Changed change={timeChange(row)} />,
  },
  {
    id: 'pages',
    width: '84px',
    header: 'Pages',
    align: 'end',
    sortBy: ({ now }) => pagesOf(now),
    cell: ({ now }) => shown(pagesOf(now), formatBytes),
  },
  {
    id: 'pagesChange',
    width: '108px',
    header: 'Page change',
    align: 'end',
    sortBy: (row) => pagesChange(row)?.percent ?? null,
    cell: (row) => <Changed change={pagesChange(row)} />,
  },
  {
    id: 'rows',
    width: '64px',
    header: 'Rows',
    align: 'end',
    cell: ({ now }) => shown(now.measures?.rows, formatCount),
  },
  { id: 'indexes', header: 'Indexes', cell: ({ now }) => now.indexes_used.join(', ') },
];

/** Each statement of each table, as it is and as it was. */
export function StatementTable({ latest }: { latest: readonly Latest[] }) {
  return (
    <DataTable
      label="Statements of the last run"
      columns={COLUMNS}
      rows={latest}
      rowKey={({ mapping, now }) => `${mapping} ${now.statement}`}
      empty={null}
    />
  );
}

function Verdict({ verdict }: { verdict: ProfileVerdict }) {
  const { text, className } = VERDICTS[verdict];
  return <strong className={className}>{text}</strong>;
}

/** In colour beyond noise. */
function Changed({ change }: { change: Change | undefined }) {
  if (change === undefined) return '–';
  return <span className={TRENDS[change.trend]}>{formatChange(change)}</span>;
}

/** What was not measured is a dash, never a zero. */
function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

import type { ProfileVerdict } from '@hexclave/contract';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { formatCount } from '../../../lib/format.ts';
import { type Compared, pagesOf, timeOf } from '../../../lib/profiles.ts';
import { formatBytes, formatExact } from './format.ts';
import styles from './profile.module.css';

const VERDICTS: Record<ProfileVerdict, { text: string; className: string | undefined }> = {
  good: { text: 'Good', className: styles.good },
  warning: { text: 'Look at it', className: styles.warning },
  bad: { text: 'Bad', className: styles.bad },
  unknown: { text: 'Not measured', className: styles.unknown },
};

const COLUMNS: Column<Compared>[] = [
  { id: 'table', header: 'Table', cell: ({ mapping }) => mapping },
  { id: 'statement', header: 'Statement', cell: ({ now }) => now.statement },
  { id: 'verdict', header: 'Verdict', cell: ({ now }) => <Verdict verdict={now.verdict} /> },
  { id: 'before', header: 'Before', align: 'end', cell: ({ before }) => shown(before && timeOf(before), formatExact) },
  {
    id: 'now',
    header: 'Now',
    align: 'end',
    sortBy: ({ now }) => timeOf(now),
    cell: ({ now }) => shown(timeOf(now), formatExact),
  },
  {
    id: 'pagesBefore',
    header: 'Pages before',
    align: 'end',
    cell: ({ before }) => shown(before && pagesOf(before), formatBytes),
  },
  {
    id: 'pages',
    header: 'Pages now',
    align: 'end',
    sortBy: ({ now }) => pagesOf(now),
    cell: ({ now }) => shown(pagesOf(now), formatBytes),
  },
  { id: 'rows', header: 'Rows', align: 'end', cell: ({ now }) => shown(now.measures?.rows, formatCount) },
  { id: 'indexes', header: 'Indexes', width: '26%', cell: ({ now }) => now.indexes_used.join(', ') },
];

/** Each statement of each table, as it is and as it was. */
export function StatementTable({ compared }: { compared: readonly Compared[] }) {
  return (
    <DataTable
      label="Statements of the last run"
      columns={COLUMNS}
      rows={compared}
      rowKey={({ mapping, now }) => `${mapping} ${now.statement}`}
      empty={null}
    />
  );
}

function Verdict({ verdict }: { verdict: ProfileVerdict }) {
  const { text, className } = VERDICTS[verdict];
  return <strong className={className}>{text}</strong>;
}

/** What was not measured is a dash, never a zero. */
function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

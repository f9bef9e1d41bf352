import type { Verification } from '@hexclave/contract';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { formatCount } from '../../../lib/format.ts';
import styles from './databases.module.css';

type Verified = Verification['mappings'][number];
type Difference = Verification['differences'][number];

export function VerifiedTables({ mappings }: { mappings: readonly Verified[] }) {
  return (
    <DataTable
      label="What was compared"
      columns={VERIFIED_COLUMNS}
      rows={mappings}
      rowKey={({ mapping }) => mapping}
      empty={null}
    />
  );
}

export function DifferenceTable({ differences }: { differences: readonly Difference[] }) {
  return (
    <DataTable
      label="Differences"
      columns={DIFFERENCE_COLUMNS}
      rows={differences}
      rowKey={({ mapping, key }) => [mapping, ...key].join('\n')}
      empty={null}
    />
  );
}

type Count = 'rows' | 'missing' | 'extra' | 'different' | 'repaired' | 'remaining' | 'parked' | 'unsettled';

const COUNTS: readonly (readonly [Count, string])[] = [
  ['rows', 'Compared'],
  ['missing', 'Missing'],
  ['extra', 'Extra'],
  ['different', 'Different'],
  ['repaired', 'Put right'],
  ['remaining', 'Remaining'],
  ['parked', 'Parked'],
  ['unsettled', 'Unsettled'],
];

const STATE_WORDS: Record<Verified['state'], string> = { running: 'Under way', verified: 'Done', skipped: 'Left out' };

const VERIFIED_COLUMNS: readonly Column<Verified>[] = [
  { id: 'mapping', header: 'Table', width: '178px', cell: ({ mapping }) => <strong>{mapping}</strong> },
  {
    id: 'state',
    header: 'State',
    cell: ({ state, reason }) => (
      <span title={reason ?? undefined}>
        {STATE_WORDS[state]}
        {reason !== null && `: ${reason}`}
      </span>
    ),
  },
  ...COUNTS.map(
    ([count, header]): Column<Verified> => ({
      id: count,
      header,
      width: '88px',
      align: 'end',
      cell: (row) => <span className={row[count] === 0 ? styles.quiet : undefined}>{formatCount(row[count])}</span>,
    }),
  ),
];

const KIND_WORDS: Record<Difference['kind'], string> = {
  missing: 'Missing in the copy',
  extra: 'Only in the copy',
  different: 'Other values in the copy',
};

const OUTCOME_WORDS: Record<Difference['outcome'], string> = {
  found: 'Found',
  repaired: 'Put right',
  parked: 'Your database refused it',
  persists: 'Written, and different all the same',
};

const DIFFERENCE_COLUMNS: readonly Column<Difference>[] = [
  { id: 'mapping', header: 'Table', width: '190px', cell: ({ mapping }) => mapping },
  { id: 'key', header: 'Key', cell: ({ key }) => <code title={key.join(', ')}>{key.join(', ')}</code> },
  { id: 'kind', header: 'What', width: '200px', cell: ({ kind }) => KIND_WORDS[kind] },
  { id: 'outcome', header: 'What became of it', width: '230px', cell: ({ outcome }) => OUTCOME_WORDS[outcome] },
];

import type { MappingSyncStatus } from '@hexclave/contract';
import { Progress } from '../../../components/progress.tsx';

/** How far a first copy, or a new one, has come: one bar for all tables. Nothing when none is under way. */
export function CopyProgress({ mappings }: { mappings: readonly MappingSyncStatus[] }) {
  const copies = mappings.flatMap(({ copy }) => copy ?? []);
  if (copies.length === 0) return null;
  const copied = copies.reduce((sum, { rows_copied: rows }) => sum + rows, 0);
  const isKnown = copies.every(({ rows_expected: rows }) => rows !== null);
  const expected = isKnown ? copies.reduce((sum, { rows_expected: rows }) => sum + (rows ?? 0), 0) : null;
  const done = mappings.length - copies.length;
  return (
    <Progress
      label={`Copying all rows: ${done} of ${mappings.length} tables are done`}
      value={copied}
      max={expected}
      unit="rows"
    />
  );
}

import type { MappingProfile, StatementProfile } from '@hexclave/contract';
import { useState } from 'react';
import { Chart } from '../../../components/chart.tsx';
import { SelectField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { pagesOf, timeOf } from '../../../lib/profiles.ts';
import { formatBytes, formatExact } from './format.ts';
import styles from './profile.module.css';

/** What is drawn together: the statements that one thing takes. */
const WAYS: Record<string, readonly StatementProfile['statement'][]> = {
  'A change': ['sequencing', 'fetch', 'apply'],
  'A deletion': ['fetch_deletions', 'apply_deletions', 'merge_deletions'],
  'A large batch': ['fetch_bulk', 'stage', 'merge'],
  'A first copy': ['fetch_copy'],
};
const FIRST_WAY = 'A change';

const PLANS = [
  { title: 'Time', of: timeOf, format: formatExact },
  { title: 'Pages read', of: pagesOf, format: formatBytes },
] as const;

/** The runs of one table, so that one sees when a statement has become slower. */
export function ProfileCharts({ runs }: { runs: readonly MappingProfile[] }) {
  const tables = [...new Set(runs.map(({ mapping }) => mapping))].sort();
  const [chosen, choose] = useState<string>();
  const [way, chooseWay] = useState(FIRST_WAY);
  const table = chosen ?? tables.at(-1);
  const statements = WAYS[way] ?? [];
  const own = runs.filter(({ mapping }) => mapping === table);
  return (
    <Card
      title="Before and after"
      lead="Up to twenty runs. Fifty are kept, for ninety days."
      flush
      actions={
        <>
          <SelectField label="Table" value={table} onChange={({ target }) => choose(target.value)}>
            {tables.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <SelectField label="Statements of" value={way} onChange={({ target }) => chooseWay(target.value)}>
            {Object.keys(WAYS).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        </>
      }
    >
      {own.length < 2 ? (
        <p className={styles.once}>This table was profiled once. The next run is drawn beside it.</p>
      ) : (
        <div className={styles.charts}>
          {PLANS.map(({ title, of, format }) => (
            <div key={title}>
              <h3>{title}</h3>
              <Chart
                label={`${title} of each statement in the last ${own.length} profiles of ${table}.`}
                times={own.map(({ at_millis }) => at_millis)}
                format={format}
                series={statements.map((name) => ({ name, values: own.map((run) => costOf(run, name, of)) }))}
              />
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}

function costOf(
  { statements }: MappingProfile,
  name: StatementProfile['statement'],
  of: (statement: StatementProfile) => number | null,
): number | null {
  const found = statements.find(({ statement }) => statement === name);
  return found === undefined ? null : of(found);
}

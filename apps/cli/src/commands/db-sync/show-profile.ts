import { PROFILE_NOISE } from '@hexclave/config';
import type { Profile, StatementProfile } from '@hexclave/contract';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { remedyLines } from '../../output/sync-words.ts';
import { type Cell, type Column, table } from '../../output/table.ts';
import { count } from '../../output/words.ts';

type Measures = NonNullable<StatementProfile['measures']>;
type Change = NonNullable<NonNullable<StatementProfile['comparison']>['changes']['pages']>;
type Named = { readonly mapping: string; readonly statement: StatementProfile };

const COLUMNS: readonly Column[] = [
  ...[{ name: 'TABLE' }, { name: 'STATEMENT' }, { name: 'VERDICT' }],
  ...['PLANNING', 'TIME', 'CHANGE', 'CPU', 'ROWS', 'PAGES', 'CHANGE', 'TEMP', 'WAL'].map((name) => ({
    name,
    align: 'right' as const,
  })),
  { name: 'INDEXES' },
];

/** A line for each statement, and below them what is wrong and what to do. */
export function describeProfile({ mappings }: Profile, withPlans: boolean, styles: Styles): string {
  const all: Named[] = mappings.flatMap(({ mapping, statements }) =>
    statements.map((statement) => ({ mapping, statement })),
  );
  return [
    table(
      COLUMNS,
      all.map((one) => rowOf(one, styles)),
      styles,
    ),
    ...(all.some(({ statement }) => statement.comparison !== null) ? [styles.dim(whatChanged())] : []),
    ...all.flatMap((one) => problemsOf(one, styles)),
    ...(withPlans ? all.flatMap((one) => planOf(one, styles)) : []),
    ...lackingOf(all, styles),
  ].join('\n');
}

const whatChanged = () =>
  'CHANGE: beside the median of up to five profiles before, for as many rows. ' +
  `Noise, and not in colour: less than ${PROFILE_NOISE.times} times as much or as little, or than ${PROFILE_NOISE.ms} ms or ${bytes(PROFILE_NOISE.bytes)}.`;

function rowOf({ mapping, statement }: Named, styles: Styles): Cell[] {
  const { measures, comparison } = statement;
  const shown = (of: (some: Measures) => string) => (measures === null ? '' : of(measures));
  return [
    ...[mapping, statement.statement, verdictCell(statement, styles)],
    shown(({ planning_time }) => milliseconds(planning_time)),
    shown(({ execution_time }) => milliseconds(execution_time)),
    changeCell(comparison?.changes.execution_time, styles),
    shown(({ cpu_time }) => milliseconds(cpu_time)),
    shown(({ rows }) => (rows === undefined ? '–' : count(rows))),
    shown(({ buffers_hit, buffers_read }) => bytes(sum(buffers_hit, buffers_read))),
    changeCell(comparison?.changes.pages, styles),
    shown(({ temporary_read, temporary_written }) => bytes(sum(temporary_read, temporary_written))),
    shown(({ wal_size }) => bytes(wal_size)),
    statement.indexes_used.join(', '),
  ];
}

/** `+320 %`, in colour beyond noise; nothing where there is nothing to compare with. */
function changeCell(change: Change | undefined, styles: Styles): Cell {
  if (change === undefined) return '';
  const colours = { worse: styles.red, better: styles.green, same: styles.dim };
  const { percent } = change;
  if (percent === null) return { text: change.now === 0 ? '0 %' : 'new', style: colours[change.trend] };
  const sign = percent > 0 ? '+' : percent < 0 ? '−' : '';
  return { text: `${sign}${count(Math.abs(percent))} %`, style: colours[change.trend] };
}

function verdictCell({ verdict, outcome }: StatementProfile, styles: Styles): Cell {
  const colours = { good: styles.green, warning: styles.yellow, bad: styles.red, unknown: styles.dim };
  const marks = { good: '✓ good', warning: '! warning', bad: '✗ bad', unknown: `– ${outcome}` };
  return { text: marks[verdict], style: colours[verdict] };
}

function problemsOf({ mapping, statement }: Named, styles: Styles): string[] {
  const { findings, error, skipped } = statement;
  const about = styles.bold(printable(`${mapping} ${statement.statement}`));
  const state = error?.sql_state == null ? '' : `, SQLSTATE ${error.sql_state}`;
  return [
    ...findings.flatMap(({ message, remedy, code }) => [
      `${about}: ${printable(message)} ${styles.dim(`(${code})`)}`,
      ...remedyLines(remedy, styles).map((line) => `  ${line}`),
    ]),
    ...(error === null
      ? []
      : [
          `${about}: ${printable(error.message)} ${styles.dim(`(${printable(error.code + state)})`)}`,
          ...remedyLines(error.remedy, styles).map((line) => `  ${line}`),
        ]),
    ...(skipped === null ? [] : [`${about}: ${styles.dim(printable(skipped.message))}`]),
  ];
}

function planOf({ mapping, statement }: Named, styles: Styles): string[] {
  if (statement.plan.length === 0) return [];
  const steps = statement.plan.map((step) => {
    const on = [step.relation === null ? '' : ` on ${step.relation}`, step.index === null ? '' : ` by ${step.index}`];
    const removed = step.removed_rows > 0 ? `, ${count(step.removed_rows)} thrown away` : '';
    const text = `${'  '.repeat(step.depth + 1)}${step.node}${on.join('')}`;
    return `${printable(text)} ${styles.dim(`${count(step.rows)} rows${removed}, ${count(step.loops)}×`)}`;
  });
  return ['', styles.bold(printable(`${mapping} ${statement.statement}`)), ...steps];
}

/** What the servers do not give, once for each reason. */
function lackingOf(all: readonly Named[], styles: Styles): string[] {
  const reasons = new Map<string, Set<string>>();
  for (const { statement } of all) {
    for (const [measure, reason] of Object.entries(statement.lacking)) {
      reasons.set(reason, (reasons.get(reason) ?? new Set()).add(measure));
    }
  }
  return [...reasons].map(([reason, names]) =>
    styles.dim(printable(`Not measured: ${[...names].join(', ')}. ${reason}`)),
  );
}

function sum(...values: readonly (number | undefined)[]): number | undefined {
  return values.includes(undefined) ? undefined : values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** `0.3 ms`: profiles are about parts of one. What was not measured is a dash, never a zero. */
function milliseconds(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 10 ? `${value.toFixed(1)} ms` : `${count(Math.round(value))} ms`;
}

const STEPS = [
  { of: 1_000_000_000, unit: 'GB' },
  { of: 1_000_000, unit: 'MB' },
  { of: 1_000, unit: 'kB' },
] as const;

function bytes(value: number | undefined): string {
  if (value === undefined) return '–';
  const step = STEPS.find(({ of }) => value >= of);
  return step === undefined ? `${value} B` : `${(value / step.of).toFixed(1)} ${step.unit}`;
}

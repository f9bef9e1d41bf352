import { nodesOf, rowsScanned } from './plan.ts';
import type { ExpectedIndex, Measurement } from './source.ts';

export type FindingCode =
  | 'INDEX_MISSING'
  | 'TABLE_SCANNED'
  | 'TEMPORARY_FILES'
  | 'TRIGGERS_SLOW'
  | 'REGRESSED'
  | 'SLOW';

/** Something that is wrong with a statement, and what to do about it. */
export type Finding = {
  readonly code: FindingCode;
  readonly severity: 'bad' | 'warning';
  readonly message: string;
  readonly remedy: string;
};

/** `unknown`: it was not measured, so nothing is said. */
export type Verdict = 'good' | 'warning' | 'bad' | 'unknown';

/** An earlier run of the same statement. */
export type Earlier = Pick<Measurement, 'measures'> & { readonly planDigest: string | null };

/** Smaller tables are read from end to end by right. */
const MANY_ROWS = 10_000;
/** For a page of 250 rows, on a machine that has anything else to do. In ms. */
const SLOW_MS = 1_000;
/** A regression is more than noise: so many times as much as before, and so much more. */
const TIMES = 2.5;
const MORE_MS = 20;
const MORE_BYTES = 1_000_000;
const TRIGGERS_MS = 10;

/** What the indexes alone say: also of a statement that could not be measured. */
export function judgeIndexes(indexes: readonly ExpectedIndex[]): Finding[] {
  return indexes
    .filter(({ exists }) => !exists)
    .map(({ name, table, definition }) => ({
      code: 'INDEX_MISSING',
      severity: 'bad',
      message: `The index ${name} on ${table}, which this statement is written for, is missing.`,
      remedy: definition,
    }));
}

/** Everything that is wrong with a statement that was measured, the worst first. */
export function judge(
  found: Measurement,
  planDigest: string | null,
  indexes: readonly ExpectedIndex[],
  earlier: readonly Earlier[],
): Finding[] {
  const missing = new Set(indexes.filter(({ exists }) => !exists).map(({ table }) => table));
  const findings = [
    ...judgeIndexes(indexes),
    ...judgeScans(found, missing),
    ...judgeTemporaryFiles(found),
    ...judgeTriggers(found),
    ...judgeRegression(found, planDigest, earlier),
    ...judgeTime(found),
  ];
  return [
    ...findings.filter(({ severity }) => severity === 'bad'),
    ...findings.filter(({ severity }) => severity !== 'bad'),
  ];
}

export function verdictOf(isMeasured: boolean, findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === 'bad')) return 'bad';
  if (!isMeasured) return 'unknown';
  return findings.length > 0 ? 'warning' : 'good';
}

function judgeScans({ plan }: Measurement, missing: ReadonlySet<string>): Finding[] {
  if (plan === null) return [];
  const tables = new Set(nodesOf(plan).flatMap(({ relation }) => (relation === null ? [] : [relation])));
  return [...tables]
    .map((table) => ({ table, rows: rowsScanned(plan, table) }))
    .filter(({ table, rows }) => rows >= MANY_ROWS && !missing.has(table))
    .map(({ table, rows }) => ({
      code: 'TABLE_SCANNED',
      severity: 'warning',
      message: `The table ${table} was read from end to end, ${rows.toLocaleString('en')} rows, though it has an index for this.`,
      remedy: `ANALYZE "${table.replaceAll('"', '""')}";`,
    }));
}

function judgeTemporaryFiles({ measures }: Measurement): Finding[] {
  const written = measures.temporary_written ?? 0;
  if (written === 0) return [];
  return [
    {
      code: 'TEMPORARY_FILES',
      severity: 'warning',
      message: `${megabytes(written)} went through temporary files on the disk.`,
      remedy: 'Raise work_mem for the role that the statement runs as, e.g. to 16MB.',
    },
  ];
}

function judgeTriggers({ triggers, measures }: Measurement): Finding[] {
  const total = triggers.reduce((sum, { timeMs }) => sum + timeMs, 0);
  if (total < TRIGGERS_MS || total < (measures.execution_time ?? 0) / 2) return [];
  const names = triggers.map(({ name }) => name).join(', ');
  return [
    {
      code: 'TRIGGERS_SLOW',
      severity: 'warning',
      message: `Triggers and constraints took ${milliseconds(total)} of ${milliseconds(measures.execution_time ?? 0)}: ${names}.`,
      remedy:
        'Make these triggers faster, have them fire for fewer rows, or index the columns that foreign keys refer to.',
    },
  ];
}

function judgeTime({ measures }: Measurement): Finding[] {
  const took = measures.execution_time ?? 0;
  if (took < SLOW_MS) return [];
  return [
    {
      code: 'SLOW',
      severity: 'warning',
      message: `It took ${milliseconds(took)} for ${measures.rows ?? 0} rows.`,
      remedy:
        'Look at the plan, at what else that server does, and whether its memory holds the table and its indexes.',
    },
  ];
}

/**
 * Compares with the median of the runs before, for as many rows. Pages that are read say more than time does, which also
 * grows when the machine has something else to do: either is enough.
 */
function judgeRegression({ measures }: Measurement, planDigest: string | null, earlier: readonly Earlier[]): Finding[] {
  if (earlier.length === 0) return [];
  const rows = Math.max(measures.rows ?? 0, 1);
  const before = (of: (one: Earlier['measures']) => number) =>
    median(earlier.map((one) => (of(one.measures) / Math.max(one.measures.rows ?? 0, 1)) * rows));
  const time = [before(timeOf), timeOf(measures)] as const;
  const buffers = [before(buffersOf), buffersOf(measures)] as const;
  const told = [
    ...(hasGrown(time, MORE_MS) ? [`${milliseconds(time[1])} instead of ${milliseconds(time[0])}`] : []),
    ...(hasGrown(buffers, MORE_BYTES) ? [`${megabytes(buffers[1])} of pages instead of ${megabytes(buffers[0])}`] : []),
  ];
  if (told.length === 0) return [];
  const isOtherPlan = planDigest !== null && earlier[0]?.planDigest !== planDigest;
  return [
    {
      code: 'REGRESSED',
      severity: 'warning',
      message: `It has become slower than in the last ${earlier.length === 1 ? 'profile' : `${earlier.length} profiles`}: ${told.join(', ')}.${isOtherPlan ? ' Its plan is another one than before.' : ''}`,
      remedy: isOtherPlan
        ? 'Compare the two plans: an index that is gone, or old statistics (ANALYZE), are the usual causes.'
        : 'Look at what else that server does now, and at dead rows that VACUUM has not removed.',
    },
  ];
}

function hasGrown([before, now]: readonly [number, number], atLeast: number): boolean {
  return now > before * TIMES && now - before > atLeast;
}

function timeOf(measures: Earlier['measures']): number {
  return measures.execution_time ?? 0;
}

function buffersOf({ buffers_hit: hit = 0, buffers_read: read = 0 }: Earlier['measures']): number {
  return hit + read;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

import type { ProfileFindingCode, ProfileVerdict } from '@hexclave/config';
import { quoteIdentifier } from '@hexclave/db';
import type { Comparison } from './compare.ts';
import { nodesOf, rowsScanned } from './plan.ts';
import type { ExpectedIndex, Measurement } from './source.ts';

/** Something that is wrong with a statement, and what to do about it. */
export type Finding = {
  readonly code: ProfileFindingCode;
  readonly severity: 'bad' | 'warning';
  readonly message: string;
  readonly remedy: string;
};

/** Smaller tables are read from end to end by right, and so are those of which a good part is wanted. */
const MANY_ROWS = 10_000;
const TIMES_THE_WANTED = 20;
/** For a page of 250 rows, on a machine that has anything else to do. In ms. */
const SLOW_MS = 1_000;
const TRIGGERS_MS = 50;

/** What the indexes alone say: also of a statement that could not be measured. */
export function judgeIndexes(indexes: readonly ExpectedIndex[]): Finding[] {
  return indexes
    .filter(({ exists }) => !exists)
    .map(({ name, table, definition, isInvalid }) => ({
      code: 'INDEX_MISSING',
      severity: 'bad',
      message: `The index ${name} on ${table}, which this statement needs, is ${isInvalid === true ? 'not valid' : 'missing'}.`,
      remedy: definition,
    }));
}

/** Everything that is wrong with a statement that was measured, the worst first. */
export function judge(found: Measurement, indexes: readonly ExpectedIndex[], comparison: Comparison | null): Finding[] {
  const missing = new Set(indexes.filter(({ exists }) => !exists).map(({ table }) => table));
  const findings = [
    ...judgeIndexes(indexes),
    ...judgeScans(found, missing, indexes),
    ...judgeTemporaryFiles(found),
    ...judgeTriggers(found),
    ...judgeRegression(comparison, indexes),
    ...judgeTime(found),
  ];
  return [
    ...findings.filter(({ severity }) => severity === 'bad'),
    ...findings.filter(({ severity }) => severity !== 'bad'),
  ];
}

export function verdictOf(isMeasured: boolean, findings: readonly Finding[]): ProfileVerdict {
  if (findings.some(({ severity }) => severity === 'bad')) return 'bad';
  if (!isMeasured) return 'unknown';
  return findings.length > 0 ? 'warning' : 'good';
}

function judgeScans(
  { plan, measures }: Measurement,
  missing: ReadonlySet<string>,
  indexes: readonly ExpectedIndex[],
): Finding[] {
  if (plan === null) return [];
  const many = Math.max(MANY_ROWS, TIMES_THE_WANTED * (measures.rows ?? 0));
  const tables = new Set(nodesOf(plan).flatMap(({ relation }) => (relation === null ? [] : [relation])));
  return [...tables]
    .map((table) => ({ table, rows: rowsScanned(plan, table) }))
    .filter(({ table, rows }) => rows >= many && !missing.has(table))
    .map(({ table, rows }) => ({
      code: 'TABLE_SCANNED',
      severity: 'warning',
      message: `The table ${table} was read from end to end, ${rows.toLocaleString('en')} rows, though it has an index for this.`,
      remedy: `ANALYZE ${indexes.find((index) => index.table === table)?.sqlTable ?? quoteIdentifier(table)};`,
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

/** Pages that are read say more than time does, which also grows when the machine has something else to do: either is enough. */
function judgeRegression(comparison: Comparison | null, indexes: readonly ExpectedIndex[]): Finding[] {
  if (comparison === null) return [];
  const { execution_time: time, pages } = comparison.changes;
  const told = [
    ...(time?.trend === 'worse' ? [`${milliseconds(time.now)} instead of ${milliseconds(time.before)}`] : []),
    ...(pages?.trend === 'worse' ? [`${megabytes(pages.now)} of pages instead of ${megabytes(pages.before)}`] : []),
  ];
  if (told.length === 0) return [];
  const { runs } = comparison;
  return [
    {
      code: 'REGRESSED',
      severity: 'warning',
      message: `It has become slower than in the last ${runs === 1 ? 'profile' : `${runs} profiles`}: ${told.join(', ')}.${whyRegressed(comparison)}`,
      remedy: remedyOfRegression(comparison, indexes),
    },
  ];
}

function whyRegressed({ samePlan, indexesGone }: Comparison): string {
  if (indexesGone.length > 0) return ` It no longer uses ${indexesGone.join(', ')}.`;
  return samePlan ? '' : ' Its plan is another one than before.';
}

function remedyOfRegression({ samePlan, indexesGone }: Comparison, indexes: readonly ExpectedIndex[]): string {
  const missing = indexes.find(({ exists }) => !exists);
  if (missing !== undefined) return missing.definition;
  return samePlan && indexesGone.length === 0
    ? 'Look at what else that server does now, and at dead rows that VACUUM has not removed.'
    : 'Compare the two plans: an index that is gone, or old statistics (ANALYZE), are the usual causes.';
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

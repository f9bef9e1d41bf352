import type { Verification } from '@hexclave/contract';

const SHOWN_DIFFERENCES = 20;

/** Without what a terminal would take for a command. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}

/** A line for each table, the first differences, and what to do. */
export function describeResult(run: Verification): string {
  const shown = run.differences.slice(0, SHOWN_DIFFERENCES);
  const lines = [
    ...run.mappings.map(describeMapping),
    ...shown.map(({ mapping, kind, key, outcome }) => `    ${mapping} ${key.join(', ')}: ${kind}, ${outcome}`),
    ...(run.differences.length > shown.length ? ['    … more with --json'] : []),
    ...(run.error === null ? [] : [`${run.error.code}: ${run.error.message}`, `→ ${run.error.remedy}`]),
    ...(run.mappings.some(({ remaining }) => remaining > 0) && !run.repair ? ['→ Put them right with --repair.'] : []),
  ];
  return lines.map(printable).join('\n');
}

type Mapping = Verification['mappings'][number];

function describeMapping(found: Mapping): string {
  const name = `  ${found.mapping.padEnd(22)}`;
  if (found.state === 'skipped') return `${name} – not compared: ${found.reason}`;
  const counts = (['missing', 'extra', 'different', 'repaired', 'parked', 'unsettled'] as const)
    .filter((kind) => found[kind] > 0)
    .map((kind) => `${number(found[kind])} ${kind}`);
  const mark = found.remaining === 0 ? '✓' : '✗';
  return `${name} ${mark} ${number(found.rows)} rows${counts.length === 0 ? ', all equal' : `: ${counts.join(', ')}`}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}

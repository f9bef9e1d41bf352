import { percentile } from './latency.ts';
import type { TableVerdict } from './verify.ts';

const SHOWN_DIFFERENCES = 5;

export function describeVerdict(verdicts: TableVerdict[]): string {
  return verdicts.map(describeTable).join('\n');
}

function describeTable({ table, sourceRows, copyRows, differences }: TableVerdict): string {
  const rows = `${count(sourceRows)} rows, ${count(copyRows)} in the copy`;
  const verdict = differences.length === 0 ? '✓ all equal' : `✗ ${count(differences.length)} differ`;
  const shown = differences.slice(0, SHOWN_DIFFERENCES);
  return [
    `  ${table.padEnd(22)} ${rows.padEnd(34)} ${verdict}`,
    ...shown.map(
      ({ key, source, copy }) => `    ${key}\n      source ${source ?? '(no row)'}\n      copy   ${copy ?? '(no row)'}`,
    ),
  ].join('\n');
}

export function describeLatency(samples: number[]): string {
  if (samples.length === 0) return '  commit → visible: no change could be measured';
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => `${percentile(samples, share).toFixed(1)} ms`);
  return `  commit → visible: p50 ${p50}, p95 ${p95}, p99 ${p99} (${count(samples.length)} single changes, made meanwhile)`;
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

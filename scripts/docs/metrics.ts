import { METRICS, type MetricDeclaration, PROCESS_METRICS } from '@hexclave/server';
import { escapeCell, GENERATED } from './markdown.ts';

/** The reference page of metrics. */
export function metricsPage(): string {
  const metrics: readonly MetricDeclaration[] = Object.values(METRICS);
  const of = (scope: MetricDeclaration['scope']) => metrics.filter((metric) => metric.scope === scope).map(row);
  return `# Metrics

${GENERATED}

Read at \`/metrics\` by a Prometheus; [Monitor](../operations/monitor.md) says how, and what to alert on. None has a label for
a project or an external database: those that are troubled are found in the status. Histograms are in seconds, between
1 ms and 60 s.

## Of a process

Counted since the process was started; add them up over all processes.

| metric | type | labels | meaning |
|---|---|---|---|
${of('process').join('\n')}

## Of the installation

Told from the database, by every process alike, and up to five seconds old (those of verifications a minute): take the
\`max()\` over the processes.

| metric | type | labels | meaning |
|---|---|---|---|
${of('installation').join('\n')}

## Of Node.js

Among others:

| metric | meaning |
|---|---|
${PROCESS_METRICS.map(({ name, help }) => cells(`\`${name}\``, help)).join('\n')}
`;
}

function row({ name, type, labels, help }: MetricDeclaration): string {
  return cells(`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help);
}

function cells(...texts: string[]): string {
  return `| ${texts.map(escapeCell).join(' | ')} |`;
}
